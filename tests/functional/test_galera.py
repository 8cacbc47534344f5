"""Three hosts keep one database: a client that writes through one address loses nothing."""

import contextlib
import dataclasses
import itertools
import pathlib
import shutil
import time
from collections.abc import Iterator

import pytest

from tests.functional.support.harness import Deployment, run
from tests.functional.support.monitoring import CONFIGURATION as MONITOR
from tests.functional.support.monitoring import Monitor, healthy, process_of
from tests.functional.support.pair import ADDRESSES, FLOATING, Switch, several_hosts
from tests.functional.support.watching import Answers, asking, until

pytestmark = pytest.mark.service
pymysql = pytest.importorskip("pymysql")

CONFIGURATION = f"""\
[host]
enabled = mariadb, high-availability-control
interface = eth0
[api]
virtual_address = {FLOATING}
proxies = {",".join(ADDRESSES.values())}
[database]
address = {FLOATING}
listen_address = ${{host.address}}
tls = true
[galera]
enabled = true
{MONITOR}"""
ACCOUNT = {"user": "writer", "password": "of-the-test"}
IMAGES = ("kolla/mariadb:trixie", "kolla/haproxy:trixie", "kolla/keepalived:trixie")
CLIENT = ("mariadb", "--user=mysql", "-NB")


@dataclasses.dataclass
class Cluster:
    """The hosts, and a client of theirs."""

    hosts: list[Deployment]
    switch: Switch
    #: Of the logs of the monitors.
    folder: pathlib.Path
    monitors: dict[str, Monitor] = dataclasses.field(default_factory=dict)
    numbers: Iterator[int] = dataclasses.field(default_factory=itertools.count)
    #: What has been acknowledged.
    written: list[int] = dataclasses.field(default_factory=list)

    def watch(self, host: Deployment) -> None:
        monitor = Monitor(host, self.folder / f"{host.name}-{time.monotonic()}")
        monitor.says("watches the containers of")
        self.monitors[host.name] = monitor

    def write(self) -> float:
        """A row, through the address of all; the time of its acknowledgement."""
        number = next(self.numbers)
        self.switch.within(lambda: self._insert(number))
        self.written.append(number)
        return time.monotonic()

    def boot(self, *hosts: Deployment) -> None:
        for host in hosts:
            host.engine.start()
            self.switch.plug(host)
            self.watch(host)

    def _insert(self, number: int) -> None:
        with contextlib.closing(pymysql.connect(
            host=FLOATING, database="test", connect_timeout=5, read_timeout=10, **ACCOUNT,
        )) as connection, connection.cursor() as cursor:
            cursor.execute("INSERT INTO rows_written VALUES (%s)", (number,))
            connection.commit()


def ask(host: Deployment, statement: str) -> list[str]:
    """What MariaDB itself answers on a host."""
    done = host.kolla("container", "exec", "mariadb", "--", *CLIENT, "-e", statement, expect=None)
    return done.stdout.splitlines() if done.exit_code == 0 else []


def check(host: Deployment):
    return host.kolla("container", "check", "mariadb", expect=None)


def well(host: Deployment) -> bool:
    return check(host).exit_code == 0


def members(host: Deployment) -> str:
    found = ask(host, "SHOW STATUS LIKE 'wsrep_cluster_size'")
    return found[0].split()[1] if found else ""


def all_there(cluster: Cluster) -> None:
    for host in cluster.hosts:
        until(lambda: members(host) == "3" and well(host), seconds=180)


def same_data(cluster: Cluster) -> None:
    """All members have every row that was acknowledged, and nothing else than each other."""
    all_there(cluster)
    question = "SELECT GROUP_CONCAT(number ORDER BY number) FROM test.rows_written"
    question = f"SET SESSION group_concat_max_len = 10000000, wsrep_sync_wait = 1; {question}"
    found = [ask(host, question)[0] for host in cluster.hosts]
    assert len(set(found)) == 1
    assert {*cluster.written} <= {int(number) for number in found[0].split(",")}


@pytest.fixture(scope="module")
def cluster(engine, builder, tmp_path_factory) -> Iterator[Cluster]:
    builder.only("mariadb", "haproxy", "keepalived")
    several = several_hosts(engine, ADDRESSES, IMAGES, CONFIGURATION, tmp_path_factory)
    with several as (hosts, switch):
        first, *others = hosts
        first.kolla("config", "passwords")
        first.kolla("config", "certificates")
        for other in others:
            for name in ("kolla.conf.d/passwords.conf", "certificates"):
                source, target = first.config_dir / name, other.config_dir / name
                (shutil.copytree if source.is_dir() else shutil.copy)(source, target)
            other.kolla("config", "certificates")
        made = Cluster(hosts, switch, tmp_path_factory.mktemp("monitors"))
        for host in hosts:
            host.kolla("set", "start", timeout=600)
            made.watch(host)
        for host in hosts:
            healthy(host)
        ask(first, "CREATE DATABASE test")
        ask(first, "CREATE TABLE test.rows_written (number INT PRIMARY KEY)")
        ask(first, "CREATE USER writer IDENTIFIED BY 'of-the-test'")
        ask(first, "GRANT ALL ON test.* TO writer")
        until(lambda: answers_at_the_address(made))
        yield made
        for monitor in made.monitors.values():
            monitor.process.kill()


def answers_at_the_address(cluster: Cluster) -> bool:
    with contextlib.suppress(pymysql.Error):
        return bool(cluster.write())
    return False


def test_the_first_host_begins_the_cluster_and_the_others_join(cluster):
    same_data(cluster)
    first = ask(cluster.hosts[0], "SHOW STATUS LIKE 'wsrep_incoming_addresses'")[0]
    assert all(f"{address}:3306" in first for address in ADDRESSES.values())


@contextlib.contextmanager
def writing(cluster: Cluster, what: str) -> Iterator[Answers]:
    """A client writes all the time, and then all members have what it has written."""
    with asking(cluster.write) as answers:
        yield answers
        rows = len(answers.given)
        answers.wait_for(lambda: len(answers.given) > rows + 10)
    gap = max(after - before for before, after in itertools.pairwise(answers.given))
    print(f"{what}: {len(answers.given)} rows, {len(answers.failures)} failures, "
          f"{gap:.2f} s without a row")
    same_data(cluster)


@pytest.mark.parametrize("action", [
    ("container", "restart", "mariadb"),
    ("--set", "database.max_connections=900", "container", "upgrade", "mariadb"),
    ("container", "rollback", "mariadb"),
], ids=lambda action: action[-2])
def test_no_row_is_lost_while_one_member_after_the_other_is_changed(cluster, action):
    for host in cluster.hosts:
        with writing(cluster, f"{action[-2]} on {host.name}"):
            host.kolla(*action, timeout=900)


def test_no_row_is_lost_when_a_member_is_killed(cluster):
    for host in cluster.hosts:
        with writing(cluster, f"kill on {host.name}"):
            process = process_of(host, "mariadb")  # as its machine numbers it
            run(*host.engine.inside(), "kill", "-KILL", str(process))
            until(lambda: not pathlib.Path(host.engine.processes, str(process)).exists())


def test_no_row_is_lost_when_a_host_loses_its_power(cluster):
    host = cluster.hosts[0]
    with writing(cluster, f"power of {host.name}") as answers:
        rows = len(answers.given)
        host.engine.cut_power()
        answers.wait_for(lambda: len(answers.given) > rows + 10)
        cluster.boot(host)


def test_a_host_that_is_cut_off_says_so_and_joins_again(cluster):
    host, others = cluster.hosts[0], cluster.hosts[1:]
    with writing(cluster, f"{host.name} is cut off") as answers:
        cluster.switch.cut(host)
        until(lambda: "reaches too few members" in check(host).stdout)
        assert check(host).exit_code == 1 and not well(host)
        rows = len(answers.given)
        answers.wait_for(lambda: len(answers.given) > rows + 10)
        assert all(well(other) for other in others)
        cluster.switch.cut(host, state="up")


def test_no_row_is_lost_when_all_hosts_lose_their_power(cluster):
    for host in cluster.hosts:
        host.engine.cut_power()
    cluster.boot(*reversed(cluster.hosts))
    until(lambda: answers_at_the_address(cluster), seconds=180)
    same_data(cluster)


def test_the_last_member_does_not_stop_and_begins_the_cluster_again(cluster):
    first, *others, last = cluster.hosts
    for host in (first, *others):
        host.kolla("container", "stop", "mariadb", timeout=300)
    refused = last.kolla("container", "stop", "mariadb", expect=1).stderr
    assert "it is the last member of its cluster" in refused and "--force" in refused
    last.kolla("container", "stop", "mariadb", "--force", timeout=300)
    last.kolla("container", "start", "mariadb", timeout=300)
    for host in (first, *others):
        host.kolla("container", "start", "mariadb", timeout=300)
    until(lambda: answers_at_the_address(cluster), seconds=180)
    same_data(cluster)


def test_an_operator_begins_the_cluster_with_one_of_its_members(cluster):
    first, second, survivor = cluster.hosts
    for host in (first, second):
        host.engine.cut_power()
    until(lambda: "its data are at" in check(survivor).stdout)
    survivor.kolla("container", "task", "mariadb", "new-cluster")
    survivor.kolla("container", "restart", "mariadb", "--force", timeout=300)
    until(lambda: well(survivor))
    cluster.boot(first, second)
    until(lambda: answers_at_the_address(cluster), seconds=180)
    same_data(cluster)

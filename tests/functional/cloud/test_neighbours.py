"""What strangers on the network, and containers beside each other, cannot do."""

import contextlib
import os
import socket
import subprocess
import time

import pytest

from tests.functional.support.cloud import Cloud
from tests.functional.support.database import query
from tests.functional.support.watching import until

#: More than MariaDB takes at the same time.
FLOOD = 1100
#: The exit codes of a check: well, and well itself while something else is wrong.
HEALTHY, DEGRADED = 0, 75


@contextlib.contextmanager
def silent_clients(address: str, port: int, count: int):
    """Connections that say nothing, while the block runs."""
    with contextlib.ExitStack() as stack:
        for _ in range(count):
            client = stack.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex((address, port))
        yield


def checked(cloud: Cloud, name: str) -> tuple[int, str]:
    """How the container's own check ends, and what it says."""
    with cloud.deployment.engine.client() as client:
        done = client.containers.get(*cloud.running(name)).exec_run("kolla-check")
    return done.exit_code, done.output.decode().strip()


def started_at(cloud: Cloud, name: str) -> str:
    with cloud.deployment.engine.client() as client:
        return client.containers.get(*cloud.running(name)).attrs["State"]["StartedAt"]


@pytest.mark.exhaustive
def test_silent_clients_neither_get_the_database_restarted_nor_keep_others_out(cloud):
    began, found = started_at(cloud, "mariadb"), []
    address = cloud.deployment.address
    with silent_clients(address, 3306, FLOOD):
        deadline = time.monotonic() + 3
        while time.monotonic() < deadline:
            found.append(checked(cloud, "mariadb"))
    with silent_clients(address, 3306, FLOOD):
        # The database puts them out although they stay.
        until(lambda: checked(cloud, "mariadb") == (HEALTHY, ""), 20)
        assert cloud.use()
    assert {code for code, _ in found} <= {HEALTHY, DEGRADED}, found
    assert started_at(cloud, "mariadb") == began


#: In bytes: what a statement may take at most, and what a client asks for.
SHARE, ALL = 256 << 20, 1 << 50
#: A gigabyte, in a statement; and what a client can keep for all that.
DEAR = "SELECT COUNT(*) FROM (SELECT DISTINCT seq, REPEAT('x', 500) FROM seq_1_to_2000000) rows_"
FILL = "".join(f"SET @a{number} = REPEAT('x', 16000000); " for number in range(20))


def as_keystone(cloud: Cloud, statements: str) -> tuple[str, ...]:
    """The command with which Keystone's user of the database says something."""
    return (
        "docker", "-H", cloud.deployment.engine.url, "exec", "-e", "MYSQL_PWD",
        *cloud.running("mariadb"), "mariadb", "--user=keystone", "-NBf", "--ssl",
        "--skip-ssl-verify-server-cert", f"--host={cloud.deployment.address}", "-e", statements,
        "keystone",
    )


def login(cloud: Cloud) -> dict[str, str]:
    return {**os.environ, "MYSQL_PWD": cloud.secrets()["keystone.database_password"]}


def test_a_statement_has_its_share_of_the_database_s_memory_which_no_client_can_raise(cloud):
    asked = "".join(f"SET SESSION {name} = {ALL}; " for name in (
        "max_session_mem_used", "tmp_memory_table_size", "max_heap_table_size"))
    command = as_keystone(cloud, f"{asked}SELECT @@max_session_mem_used; {DEAR}")
    done = subprocess.run(command, env=login(cloud), capture_output=True, text=True, timeout=120)
    assert done.stdout.split() == [str(SHARE)], done.stderr
    assert f"max-session-mem-used={SHARE}" in done.stderr
    assert checked(cloud, "mariadb") == (HEALTHY, "")


@pytest.mark.exhaustive
def test_clients_who_fill_the_database_s_memory_together_keep_it_away_for_seconds(cloud):
    began = started_at(cloud, "mariadb")
    fill = as_keystone(cloud, f"{FILL}SELECT SLEEP(300)")
    with contextlib.ExitStack() as stack:
        for _ in range(14):
            client = stack.enter_context(subprocess.Popen(
                fill, env=login(cloud), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
            stack.callback(client.kill)
        until(lambda: started_at(cloud, "mariadb") != began, 300)
    until(lambda: checked(cloud, "mariadb") == (HEALTHY, ""))
    assert cloud.use()


#: Tells the sockets of RabbitMQ's server, one a line.
SOCKETS = """
for process in /proc/[0-9]*; do
    [[ $(< $process/comm) != beam.smp ]] || ls -l $process/fd
done | grep socket: || true
"""


@pytest.mark.exhaustive
def test_silent_clients_do_not_make_the_broker_unhealthy_and_are_taken_up_to_a_limit(cloud):
    with silent_clients(cloud.deployment.address, 5672, FLOOD):
        assert checked(cloud, "rabbitmq")[0] in (HEALTHY, DEGRADED)
        found = cloud.deployment.kolla(
            "container", "exec", "rabbitmq", "--", "bash", "-c", SOCKETS
        ).stdout.splitlines()
        assert len(found) < 250, "the limit of 200, and a few of its own"
    assert checked(cloud, "rabbitmq") == (HEALTHY, "")


@contextlib.contextmanager
def alarmed(cloud: Cloud):
    """The broker, as when clients have filled its memory or somebody its disk."""
    alarm = "{resource_limit, disk, node()}"
    with cloud.deployment.engine.client() as client:
        broker = client.containers.get(*cloud.running("rabbitmq"))
        broker.exec_run(["rabbitmqctl", "eval", f"rabbit_alarm:set_alarm({{{alarm}, []}})."])
        try:
            yield
        finally:
            broker.exec_run(["rabbitmqctl", "eval", f"rabbit_alarm:clear_alarm({alarm})."])


@pytest.mark.exhaustive
def test_a_broker_that_lets_publishers_wait_is_not_restarted(cloud):
    with alarmed(cloud):
        code, said = checked(cloud, "rabbitmq")
    assert code == DEGRADED and "RabbitMQ lets publishers wait" in said and "disk" in said
    assert checked(cloud, "rabbitmq") == (HEALTHY, "")


def test_root_of_the_database_logs_in_from_this_host_only(cloud):
    hosts = query(cloud, "SELECT host FROM mysql.user WHERE user = 'root'")
    assert set(hosts) == {"localhost", "127.0.0.1", cloud.deployment.address}


def test_logins_at_the_same_time_do_not_fail_over_changed_records(cloud):
    settings = query(cloud, "SELECT @@innodb_snapshot_isolation, @@local_infile")
    assert settings == ["0\t0"]


def test_other_brokers_and_their_tools_are_served_on_the_loopback_address_only(cloud):
    for port in cloud.deployment.broker_ports:
        with socket.create_connection(("127.0.0.1", port), timeout=5):
            pass
        with contextlib.closing(socket.socket()) as client:
            assert client.connect_ex((cloud.deployment.address, port)) != 0

"""Two hosts serve one address together, with kolla's HAProxy and keepalived."""

import shutil
from collections.abc import Iterator

import pytest

from tests.functional.support.harness import Deployment
from tests.functional.support.monitoring import CONFIGURATION as MONITOR
from tests.functional.support.monitoring import Monitor, healthy
from tests.functional.support.pair import ADDRESSES, FLOATING, at, ip, two_hosts
from tests.functional.support.watching import asking, get, until

pytestmark = pytest.mark.exhaustive

PORT = 18999
SET = "high-availability-control"
CONFIGURATION = f"""\
[host]
enabled = synthetic-http, {SET}
interface = eth0
[api]
virtual_address = {FLOATING}
proxies = {",".join([*ADDRESSES.values()][:2])}
{MONITOR}"""


@pytest.fixture(scope="module")
def hosts(engine, builder, synthetic_images, tmp_path_factory) -> Iterator[list[Deployment]]:
    builder.only("haproxy", "keepalived")
    images = (synthetic_images[0], "kolla/haproxy:trixie", "kolla/keepalived:trixie")
    with two_hosts(engine, images, CONFIGURATION, tmp_path_factory) as made:
        first, second = made
        first.kolla("config", "passwords")
        name = "kolla.conf.d/passwords.conf"
        shutil.copy(first.config_dir / name, second.config_dir / name)
        for host in made:
            host.kolla("set", "start", timeout=300)
        yield made


def has_it(host: Deployment) -> bool:
    return f"inet {FLOATING}/32 " in ip(host, "-o", "address", "show", "dev", "eth0")


def holds(hosts: list[Deployment], *expected: bool) -> None:
    """Wait until these, and no others, have the address."""
    until(lambda: [has_it(host) for host in hosts] == [*expected])


def ask(host: Deployment) -> str:
    """Which generation answers a program on this host at the address."""
    return at(host, lambda: get(FLOATING, PORT, "/generation", timeout=2))


def test_the_first_host_has_the_address_and_both_are_reached_there(hosts):
    holds(hosts, True, False)
    for host in hosts:
        until(lambda: ask(host) == "1")
        assert host.kolla("container", "check", "keepalived", "haproxy")


def test_the_address_moves_to_the_other_host_when_keepalived_stops_and_stays_there(hosts):
    first, second = hosts
    with asking(lambda: ask(second)) as answers:
        first.kolla("container", "stop", "keepalived")
        holds(hosts, False, True)
        first.kolla("container", "start", "keepalived")
        answers.wait_for(lambda: answers.given)
    until(lambda: first.kolla("container", "check", "keepalived", expect=None).exit_code == 0)
    holds(hosts, False, True)


def test_an_upgrade_of_keepalived_moves_the_address_only_from_where_it_is(hosts):
    first, second = hosts
    with asking(lambda: ask(second)) as answers:
        first.kolla("--set", "keepalived.router_id=51", "container", "restart", "keepalived")
    assert not answers.failures
    holds(hosts, False, True)


def test_the_address_leaves_a_host_on_which_haproxy_does_not_work(hosts):
    first, second = hosts
    second.kolla("container", "stop", "haproxy")
    holds(hosts, True, False)
    assert second.kolla("container", "check", "keepalived", expect=None).exit_code != 0
    second.kolla("container", "start", "haproxy")
    until(lambda: second.kolla("container", "check", "keepalived", expect=None).exit_code == 0)
    holds(hosts, True, False)


def test_maintenance_sends_the_address_to_the_other_host(hosts, tmp_path):
    first, _ = hosts
    monitor = Monitor(first, tmp_path / "log")
    try:
        monitor.says("watches the containers of")
        healthy(first)
        first.kolla("set", "maintenance", "on", SET)
        holds(hosts, False, True)
        first.kolla("set", "maintenance", "off", SET)
    finally:
        monitor.process.kill()  # what enters the host; the monitor ends with that


def test_an_address_of_no_network_of_the_host_is_refused(hosts):
    first, _ = hosts
    wrong = first.configure("[api]\nvirtual_address = 198.51.100.9\n", "95-wrong")
    refused = first.kolla("container", "upgrade", "keepalived", expect=1).stderr
    wrong.unlink()
    assert "198.51.100.9 is in no network of eth0" in refused

"""Frames go on while Open vSwitch is replaced; without its kernel module, too."""

import contextlib
from collections.abc import Iterator

import pytest

from tests.functional.conftest import NETWORK
from tests.functional.support.harness import Deployment, run
from tests.functional.support.machine import machine
from tests.functional.support.pings import INTERVAL, Pings, pinging
from tests.functional.support.watching import until

DATABASE, SWITCH = "ovsdb-server", "ovs-vswitchd"
BRIDGE = "br-test"
#: Of the two ends of a wire through the switch.
ENDS, ADDRESSES = ("one", "two"), ("192.0.2.1", "192.0.2.2")
#: Pings within a second. Where nothing else goes on, less than one is lost.
SECOND = 1 / INTERVAL
MOMENT = 3 * SECOND


@pytest.fixture(scope="module")
def host(engine, builder, tmp_path_factory) -> Iterator[Deployment]:
    """A machine with the switch alone, and a bridge that forwards only what its flows say."""
    builder.only("openvswitch")
    with machine(engine) as place:
        made = Deployment(place, tmp_path_factory.mktemp("ovs"), f"{NETWORK}.202").prepare()
        made.configure(f"[host]\nenabled = {DATABASE}, {SWITCH}\n", "10-host")
        made.kolla("set", "start")
        vsctl(made, "add-br", BRIDGE, "--", "set", "Bridge", BRIDGE, "datapath_type=netdev",
              "fail_mode=secure")
        for end, address in zip(ENDS, ADDRESSES):
            connect(made, end, address)
        ports = [vsctl(made, "get", "Interface", f"to-{end}", "ofport").strip() for end in ENDS]
        for there, back in (ports, ports[::-1]):
            ofctl(made, "add-flow", BRIDGE, f"in_port={there},actions=output:{back}")
        yield made


def connect(host: Deployment, end: str, address: str) -> None:
    """A namespace of the network that is plugged into the bridge."""
    inside = host.engine.inside()
    ip = [*inside, "ip"]
    run(*inside, "mkdir", "-p", "/run/netns")
    run(*ip, "netns", "add", end)
    run(*ip, "link", "add", f"to-{end}", "type", "veth", "peer", "name", "eth0", "netns", end)
    run(*ip, "-n", end, "address", "add", f"{address}/24", "dev", "eth0")
    run(*ip, "-n", end, "link", "set", "eth0", "up")
    run(*ip, "link", "set", f"to-{end}", "up")
    vsctl(host, "add-port", BRIDGE, f"to-{end}")


def vsctl(host: Deployment, *arguments: str) -> str:
    return within(host, "ovs-vsctl", "--timeout=10", *arguments)


def ofctl(host: Deployment, *arguments: str) -> str:
    return within(host, "ovs-ofctl", *arguments)


def within(host: Deployment, *command: str) -> str:
    return host.kolla("container", "exec", SWITCH, "--", *command).stdout


@contextlib.contextmanager
def at_work(host: Deployment) -> Iterator[Pings]:
    """One end pings the other while the block runs."""
    with pinging(ADDRESSES[1], host.engine.root / "run" / "netns" / ENDS[0]) as pings:
        until(lambda: pings.answered)
        yield pings
        reached = pings.sent + SECOND
        until(lambda: pings.sent > reached)
    print(f"{pings.sent} sent, {pings.lost} lost")


def test_no_frame_is_lost_while_the_database_is_replaced(host):
    with at_work(host) as pings:
        host.kolla("container", "restart", DATABASE)
    assert pings.lost == 0
    assert BRIDGE in vsctl(host, "list-br")


def test_a_switch_that_is_replaced_has_its_flows_again_in_a_moment(host):
    flows = ofctl(host, "dump-flows", "--no-stats", BRIDGE)
    with at_work(host) as pings:
        host.kolla("container", "restart", SWITCH)
    assert pings.lost < MOMENT
    assert ofctl(host, "dump-flows", "--no-stats", BRIDGE) == flows


def test_options_of_the_switch_are_those_of_the_configuration_alone(host):
    path = host.configure(f"[{SWITCH}/other_config]\nmax-idle = 20000\n", "80-option")
    host.kolla("container", "upgrade", SWITCH)
    assert vsctl(host, "get", "Open_vSwitch", ".", "other_config") == '{max-idle="20000"}\n'
    path.unlink()
    host.kolla("container", "upgrade", SWITCH)
    assert vsctl(host, "get", "Open_vSwitch", ".", "other_config") == "{}\n"


def test_a_switch_without_its_database_is_degraded(host):
    host.kolla("container", "stop", DATABASE)
    (found,) = host.kolla("container", "check", SWITCH, "-f", "json", expect=None).json()
    assert found["health"] == "degraded"
    host.kolla("container", "start", DATABASE)
    until(lambda: host.kolla("container", "check", SWITCH, expect=None).exit_code == 0)

"""Neutron 2024.2 with the Linux bridge: what is plugged in keeps its network; nothing is left.

Keystone, MariaDB and RabbitMQ are of the default release.
"""

import http.client
from collections.abc import Iterator

import pytest

from tests.functional.conftest import NETWORK
from tests.functional.support.cloud import Cloud
from tests.functional.support.evidence import evidence
from tests.functional.support.guest import first
from tests.functional.support.harness import derive, run
from tests.functional.support.namespaces import within
from tests.functional.support.plugged import (
    DEVICE, SPACE, Guest, into_linux_bridge, ip, plugged,
)
from tests.functional.support.server import configured, kill

pytestmark = pytest.mark.service

RELEASE = "2024.2"
IMAGE = f"kolla/neutron-linux-bridge-agents:{RELEASE}"
#: Of the machine: the end of a wire that leads to a physical network, and the other end.
NEAR, FAR = "outside0", "outside1"
SETS = ("neutron-server-linux-bridge", "neutron-agents-linux-bridge",
        "neutron-network-linux-bridge")
SPACES = ("l3-agent-linux-bridge", "dhcp-agent-linux-bridge", "metadata-agent-linux-bridge")
AGENTS = ("neutron-linuxbridge-agent", *SPACES)
#: Whose logs say why something has failed.
WITNESSES = ("neutron-rpc-server-linux-bridge", "neutron-api-linux-bridge", *AGENTS)
CONFIGURATION = f"""\
[host]
enabled = mariadb, rabbitmq, keystone, {', '.join(SETS)}

[neutron]
physical_interfaces = {first.PHYSICAL}:{NEAR}
"""


@pytest.fixture(scope="module")
def guest(engine, builder, images, tmp_path_factory) -> Iterator[Guest]:
    """A port that stands for a virtual machine, with the address that it was given."""
    images()
    builder.only("neutron-linux-bridge-agents", release=RELEASE)
    folder = tmp_path_factory.mktemp("linux-bridge")
    with configured(engine, folder, f"{NETWORK}.208", CONFIGURATION) as cloud:
        host = cloud.deployment
        ip(host, "link", "add", NEAR, "type", "veth", "peer", "name", FAR)
        ip(host, "address", "add", f"{first.GATEWAY}/24", "dev", FAR)
        for device in (NEAR, FAR):
            ip(host, "link", "set", device, "up")
        host.kolla("container", "start", "mariadb", "rabbitmq", "keystone")
        host.kolla("set", "upgrade", *SETS, "--release", RELEASE, timeout=1500)
        with evidence(cloud, WITNESSES):
            guest = plugged(cloud, into_linux_bridge)
            given = guest.lease()
        assert str(given.interface.ip) == guest.address
        ip(host, "-n", SPACE, "address", "add", str(given.interface), "dev", DEVICE)
        ip(host, "-n", SPACE, "route", "add", "default", "via", given.router)
        yield guest


@pytest.fixture(autouse=True)
def explained(guest, request) -> Iterator[None]:
    """A test that fails says what the agents did."""
    with evidence(Cloud(guest.host), WITNESSES, request.session):
        yield


def test_a_port_reaches_the_outside_and_the_metadata(guest):
    with guest.at_work() as (out, back):
        pass
    assert out.answered and back.answered
    assert within(guest.inner, status) == 404  # nobody's virtual machine: the agent has looked


def status() -> int:
    connection = http.client.HTTPConnection("169.254.169.254", 80, timeout=30)
    connection.request("GET", "/")
    return connection.getresponse().status


def test_no_packet_is_lost_while_agents_are_restarted_and_replaced_by_a_new_image(guest):
    before = guest.children()
    derive(guest.host.engine, IMAGE, "kolla-test/linux-bridge", "LABEL kolla.test=new")
    with guest.at_work() as (out, back):
        guest.host.kolla("container", "restart", *AGENTS)
        for agent in AGENTS:
            guest.host.kolla("container", "upgrade", agent, "--image", "kolla-test/linux-bridge")
        assert guest.lease().asked == 1
    assert (out.lost, back.lost) == (0, 0)
    assert guest.children() == before


def test_an_agent_that_dies_takes_nothing_with_it(guest):
    before = guest.children()
    with guest.at_work() as (out, back):
        kill(guest.host, AGENTS)
        assert guest.lease().asked == 1
    assert (out.lost, back.lost) == (0, 0)
    assert guest.children() == before


def test_a_later_release_is_refused_with_what_does_its_work_there(guest):
    done = guest.host.kolla(
        "container", "upgrade", AGENTS[0], "--release", "2025.1", expect=1
    )
    assert "is no part of 2025.1, only of 2024.2: Open vSwitch does the work" in done.stderr


def test_deleted_agents_leave_nothing_on_the_host(guest):
    host = guest.host
    done = host.kolla("container", "delete", AGENTS[0], "--yes", expect=1)
    assert "delete these first: tap" in done.stderr
    host.kolla("container", "start", AGENTS[0])
    ip(host, "netns", "delete", SPACE)
    host.kolla("container", "delete", *SPACES, "--yes")
    assert guest.children() == []
    assert ip(host, "netns", "list") == ""
    host.kolla("container", "delete", AGENTS[0], "--yes")
    kinds = ("bridge", "vxlan", "veth")
    left = [line.split("@")[0] for kind in kinds
            for line in ip(host, "-brief", "link", "show", "type", kind).splitlines()]
    assert sorted(left) == [NEAR, FAR]
    for program in ("iptables-save", "ip6tables-save", "ebtables-save"):
        assert "neutron" not in run(*host.engine.inside(), program)

"""Neutron: what is plugged into a network gets an address and a router, and keeps them.

On a machine of its own, without virtual machines: a port in a name space stands for one.
"""

import contextlib
import dataclasses
import pathlib
import re
from collections.abc import Iterator

import pytest

from tests.functional.conftest import NETWORK
from tests.functional.support.cloud import Cloud
from tests.functional.support.dhcp import Lease, lease
from tests.functional.support.harness import Deployment, run
from tests.functional.support.machine import machine
from tests.functional.support.namespaces import within
from tests.functional.support.pings import Pings, pinging
from tests.functional.support.watching import asking, get, until

ADDRESS = f"{NETWORK}.203"
PORT = 9696
#: The gateway of the outside is the machine itself.
OUTSIDE, GATEWAY = "203.0.113.0/24", "203.0.113.1"
CONFIGURATION = f"""\
[host]
enabled = database-control, messaging-control, keystone, neutron-server,
          neutron-agents-ovs, openstack-network-operation

[openvswitch]
datapath = netdev

[neutron]
physical_networks = public:br-ex
bridge_addresses = br-ex:{GATEWAY}/24
"""
IMAGES = ("mariadb", "rabbitmq", "keystone", "neutron", "neutron-agents", "openvswitch")
SPACE, DEVICE = "guest", "guest0"
AGENTS = ("neutron-openvswitch-agent", "dhcp-agent", "l3-agent", "metadata-agent")
#: The processes that serve a network, by what their command lines begin with.
CHILDREN = re.compile(rb"dnsmasq\0--no-hosts|haproxy\0-f\0/var/lib/neutron")


@dataclasses.dataclass
class Guest:
    """A port of a network, in a name space that stands for a virtual machine."""

    host: Deployment
    cloud: Cloud
    #: Of the port, as Neutron has given them.
    address: str
    floating: str

    @property
    def outer(self) -> pathlib.Path:
        """The network of the machine."""
        return pathlib.Path(f"/proc/{self.host.engine.pid()}/ns/net")

    @property
    def inner(self) -> pathlib.Path:
        return self.host.engine.root / "run" / "netns" / SPACE

    def lease(self) -> Lease:
        return lease(DEVICE, self.inner)

    @contextlib.contextmanager
    def at_work(self) -> Iterator[tuple[Pings, Pings]]:
        """It pings the outside, and is pinged at its floating address, while the block runs."""
        with pinging(GATEWAY, self.inner) as out, pinging(self.floating, self.outer) as back:
            until(lambda: out.answered and back.answered)
            yield out, back
        print(f"{out.sent} and {back.sent} sent, {out.lost} and {back.lost} lost")

    def children(self) -> list[bytes]:
        """The command lines of processes that serve its network."""
        found = []
        for path in (self.host.engine.root / "proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):  # it has ended meanwhile
                if CHILDREN.search(line := path.read_bytes()):
                    found.append(line)
        return sorted(found)


@pytest.fixture(scope="module")
def guest(engine, builder, tmp_path_factory) -> Iterator[Guest]:
    """Neutron on a machine of its own, with a port that has its address."""
    builder.only(*IMAGES)
    with machine(engine) as place:
        host = Deployment(place, tmp_path_factory.mktemp("networks"), ADDRESS).prepare()
        host.configure(CONFIGURATION, "10-host")
        ip(host, "address", "add", f"{ADDRESS}/32", "dev", "lo")
        host.kolla("config", "passwords")
        host.kolla("host", "prepare", expect=None)
        host.kolla("set", "start")
        outer = pathlib.Path(f"/proc/{place.pid()}/ns/net")
        cloud = Cloud(host)
        yield within(outer, lambda: make(host, cloud))


def ip(host: Deployment, *arguments: str) -> str:
    return run(*host.engine.inside(), "ip", *arguments)


def vsctl(host: Deployment, *arguments: str) -> str:
    command = ("container", "exec", "ovs-vswitchd", "--", "ovs-vsctl", "--timeout=10")
    return host.kolla(*command, *arguments).stdout


def make(host: Deployment, cloud: Cloud) -> Guest:
    """A network with a router to the outside, and a port with a floating address."""
    with cloud.connect() as connection:
        network = connection.network
        outside = network.create_network(
            name="outside", is_router_external=True, provider_network_type="flat",
            provider_physical_network="public",
        )
        network.create_subnet(
            network_id=outside.id, cidr=OUTSIDE, ip_version=4, gateway_ip=GATEWAY,
            enable_dhcp=False,
        )
        inside = network.create_network(name="inside")
        subnet = network.create_subnet(network_id=inside.id, cidr="10.1.0.0/24", ip_version=4)
        router = network.create_router(external_gateway_info={"network_id": outside.id})
        network.add_interface_to_router(router, subnet_id=subnet.id)
        port = network.create_port(
            network_id=inside.id, binding_host_id=host.name, device_owner="compute:test",
        )
        (group,) = port.security_group_ids
        network.create_security_group_rule(
            security_group_id=group, direction="ingress", protocol="icmp", ethertype="IPv4",
        )
        floating = network.create_ip(floating_network_id=outside.id, port_id=port.id)
        plug(host, port)
        until(lambda: network.get_port(port.id).status == "ACTIVE")
        return Guest(
            host, cloud, port.fixed_ips[0]["ip_address"], floating.floating_ip_address
        )


def plug(host: Deployment, port) -> None:
    """What Nova does with the port of a virtual machine."""
    facts = {"iface-id": port.id, "attached-mac": port.mac_address, "iface-status": "active"}
    ids = [f'external_ids:{name}="{text}"' for name, text in facts.items()]
    vsctl(host, "add-port", "br-int", DEVICE, "--", "set", "Interface", DEVICE, "type=internal",
          f'mac="{port.mac_address}"', *ids)
    ip(host, "netns", "add", SPACE)
    ip(host, "link", "set", DEVICE, "netns", SPACE)
    for device in ("lo", DEVICE):
        ip(host, "-n", SPACE, "link", "set", device, "up")


def test_a_port_gets_its_address_and_reaches_the_outside(guest):
    given = guest.lease()
    assert str(given.interface.ip) == guest.address
    ip(guest.host, "-n", SPACE, "address", "add", str(given.interface), "dev", DEVICE)
    ip(guest.host, "-n", SPACE, "route", "add", "default", "via", given.router)
    with guest.at_work():
        pass
    refused = within(guest.inner, lambda: status("169.254.169.254", 80))
    assert refused == 404  # nobody's virtual machine: the agent has looked it up


def status(address: str, port: int) -> int:
    import http.client

    connection = http.client.HTTPConnection(address, port, timeout=30)
    connection.request("GET", "/")
    return connection.getresponse().status


def test_no_packet_is_lost_while_all_agents_are_replaced(guest):
    before = guest.children()
    path = guest.host.configure("[neutron/DEFAULT]\nagent_down_time = 80\n", "80-option")
    with guest.at_work() as (out, back):
        guest.host.kolla("container", "upgrade", *AGENTS)
        assert guest.lease().asked == 1
    path.unlink()
    assert (out.lost, back.lost) == (0, 0)
    assert guest.children() == before


def test_an_agent_that_dies_takes_nothing_with_it(guest):
    before = guest.children()
    with guest.at_work() as (out, back):
        with guest.host.engine.client() as client:
            for agent in AGENTS:
                (found,) = client.containers.list(filters={"label": f"kolla.container={agent}"})
                found.kill()
        assert guest.lease().asked == 1
    assert (out.lost, back.lost) == (0, 0)
    assert guest.children() == before
    guest.host.kolla("container", "start", *AGENTS)


def test_no_request_fails_while_the_servers_are_replaced(guest):
    path = guest.host.configure("[neutron/DEFAULT]\nagent_down_time = 81\n", "80-option")

    def ask() -> str:
        return within(guest.outer, lambda: get(ADDRESS, PORT))

    with asking(ask) as visitors:
        guest.host.kolla("set", "upgrade", "neutron-server")
    path.unlink()
    assert visitors.failures == [] and visitors.given


def test_a_broker_that_is_away_is_nobodys_fault_but_its_own(guest):
    guest.host.kolla("container", "stop", "rabbitmq")
    names = ("neutron-rpc-server", *AGENTS[:3])
    found = guest.host.kolla("container", "check", *names, "-f", "json", expect=None).json()
    assert {row["health"] for row in found} == {"degraded"}
    guest.host.kolla("container", "start", "rabbitmq")
    until(lambda: guest.host.kolla("container", "check", *names, expect=None).exit_code == 0, 120)


def test_bridges_stay_as_long_as_somebody_is_plugged_into_them(guest):
    done = guest.host.kolla(
        "container", "delete", "neutron-openvswitch-agent", "--yes", expect=1
    )
    assert "delete these first" in done.stderr and DEVICE in done.stderr
    guest.host.kolla("container", "start", "neutron-openvswitch-agent")


def test_deleted_agents_leave_nothing_on_the_host(guest):
    vsctl(guest.host, "del-port", DEVICE)
    guest.host.kolla("container", "delete", "l3-agent", "dhcp-agent", "--yes")
    assert guest.children() == []
    assert ip(guest.host, "netns", "list").split()[:1] == [SPACE]
    assert len(ip(guest.host, "netns", "list").splitlines()) == 1
    guest.host.kolla("container", "delete", "neutron-openvswitch-agent", "--yes")
    assert vsctl(guest.host, "list-br") == ""

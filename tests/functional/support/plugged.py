"""A port in a name space, which stands for a virtual machine."""

import contextlib
import dataclasses
import pathlib
import re
from collections.abc import Callable, Iterator
from typing import Any

from tests.functional.support.cloud import Cloud
from tests.functional.support.dhcp import Lease, lease
from tests.functional.support.guest import first
from tests.functional.support.harness import Deployment, run
from tests.functional.support.pings import Pings, pinging
from tests.functional.support.server import HERE
from tests.functional.support.watching import until

SPACE, DEVICE = "guest", "guest0"
#: Seconds in which agents have done their part for a port.
TAKES = 300
#: The processes that serve a network, by what their command lines begin with.
CHILDREN = re.compile(rb"dnsmasq\0--no-hosts|haproxy\0-f\0/var/lib/neutron")


@dataclasses.dataclass
class Guest:
    """A port of a network, in a name space that stands for a virtual machine."""

    host: Deployment
    #: Of the port, as Neutron has given them.
    address: str
    floating: str

    @property
    def inner(self) -> pathlib.Path:
        return self.host.engine.root / "run" / "netns" / SPACE

    def lease(self) -> Lease:
        return lease(DEVICE, self.inner)

    @contextlib.contextmanager
    def at_work(self) -> Iterator[tuple[Pings, Pings]]:
        """It pings the outside, and is pinged at its floating address, while the block runs."""
        with pinging(first.GATEWAY, self.inner) as out, pinging(self.floating, HERE) as back:
            until(lambda: out.answered and back.answered)
            yield out, back
        print(f"{out.sent} and {back.sent} sent, {out.lost} and {back.lost} lost")

    def children(self) -> list[bytes]:
        """The command lines of processes that serve its network."""
        found = []
        for process in (self.host.engine.root / "proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):  # it has ended meanwhile
                if CHILDREN.search(line := (process / "cmdline").read_bytes()):
                    found.append(line)
        return sorted(found)


def ip(host: Deployment, *arguments: str) -> str:
    return run(*host.engine.inside(), "ip", *arguments)


def vsctl(host: Deployment, *arguments: str) -> str:
    command = ("container", "exec", "ovs-vswitchd", "--", "ovs-vsctl", "--timeout=10")
    return host.kolla(*command, *arguments).stdout


def into_open_vswitch(
    host: Deployment, port: Any, device: str = DEVICE, space: str = SPACE
) -> None:
    """What Nova does with the port of a virtual machine."""
    facts = {"iface-id": port.id, "attached-mac": port.mac_address, "iface-status": "active"}
    ids = [f'external_ids:{name}="{text}"' for name, text in facts.items()]
    vsctl(host, "add-port", "br-int", device, "--", "set", "Interface", device, "type=internal",
          f'mac="{port.mac_address}"', *ids)
    ip(host, "netns", "add", space)
    ip(host, "link", "set", device, "netns", space)
    bring_up(host, device, space)


def into_linux_bridge(host: Deployment, port: Any) -> None:
    """The same with the bridge of a network, which is there once an agent has a port in it."""
    bridge, tap = f"brq{port.network_id[:11]}", f"tap{port.id[:11]}"
    until(lambda: bridge in ip(host, "-brief", "link", "show", "type", "bridge"), TAKES)
    ip(host, "netns", "add", SPACE)
    ip(host, "link", "add", tap, "type", "veth", "peer", "name", DEVICE, "netns", SPACE)
    ip(host, "-n", SPACE, "link", "set", DEVICE, "address", port.mac_address)
    ip(host, "link", "set", tap, "up", "master", bridge)
    bring_up(host, DEVICE, SPACE)


def bring_up(host: Deployment, device: str, space: str) -> None:
    for name in ("lo", device):
        ip(host, "-n", space, "link", "set", name, "up")


def plugged(
    cloud: Cloud, plug: Callable[[Deployment, Any], None] = into_open_vswitch
) -> Guest:
    """A network with a router to the outside, and a port with a floating address.

    ``plug``: how a port is plugged in.
    """
    host = cloud.deployment
    with cloud.connect() as connection:
        network = connection.network
        outside = first.outside(network)
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
        until(lambda: network.get_port(port.id).status == "ACTIVE", TAKES)
        return Guest(host, port.fixed_ips[0]["ip_address"], floating.floating_ip_address)

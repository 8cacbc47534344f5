"""Neutron of 2024.2, the last release that has the Linux bridge, with all its servers and agents.

They are those of the other releases, but for their images and what they know of the bridge.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

from kolla.plugin import Check, Container, HostNeed, Image, Privilege, Task, shared_folder
from kolla_plugins import openvswitch
from kolla_plugins.images import OPENSTACK_BUILDER_BOOKWORM, OPENSTACK_WSGI_BOOKWORM
from kolla_plugins.neutron import agents, server
from kolla_plugins.neutron.common import AGENT_IMAGE, SERVER_IMAGE
from kolla_plugins.openstack import PERIODIC_CHECK, upgrade_check

RELEASE = "2024.2"

SERVER_IMAGE_LINUX_BRIDGE = dataclasses.replace(
    SERVER_IMAGE,
    name="neutron-linux-bridge",
    folder=shared_folder("docker", "neutron-linux-bridge"),
    parent=OPENSTACK_WSGI_BOOKWORM.name,
    builder=OPENSTACK_BUILDER_BOOKWORM.name,
    suite=OPENSTACK_WSGI_BOOKWORM.suite,
)

AGENT_IMAGE_LINUX_BRIDGE = dataclasses.replace(
    AGENT_IMAGE,
    name="neutron-linux-bridge-agents",
    parent=SERVER_IMAGE_LINUX_BRIDGE.name,
    suite=SERVER_IMAGE_LINUX_BRIDGE.suite,
)

#: Upstream calls it an experiment: the servers refuse the driver otherwise.
SERVERS = {
    "OS_EXPERIMENTAL__LINUXBRIDGE": "true",
    "OS_ML2__MECHANISM_DRIVERS": "linuxbridge,l2population",
    "OS_DEFAULT__SERVICE_PLUGINS": "router",
}

SPACES = {"OS_DEFAULT__INTERFACE_DRIVER": "linuxbridge"}

#: Firewalls of routers (FWaaS) are not in the images: version 25 needs later libraries.
LEFT_OUT = ("OS_OVS__", "OS_FWAAS__", "OS_AGENT__EXTENSIONS", "KOLLA_PHYSICAL_NETWORKS",
            "KOLLA_BRIDGE_")

MAY_STOP = ("kolla-linux-bridge", "needed")


def _renamed(name: str) -> str:
    """The container of this release that has the place of one of the others."""
    if name == agents.NEUTRON_OPENVSWITCH_AGENT.name:
        return "neutron-linuxbridge-agent"
    alike = name in {node.name for node in (
        server.NEUTRON_API, server.NEUTRON_RPC_SERVER, server.NEUTRON_PERIODIC_WORKERS,
        agents.DHCP_AGENT, agents.L3_AGENT, agents.METADATA_AGENT,
    )}
    return f"{name}-linux-bridge" if alike else name


def _with_bridge(
    other: Container, image: Image, parent: str, environment: Mapping[str, str], **changed: Any
) -> Container:
    """A container as in the other releases, with what is said here of this one."""
    kept = {name: text for name, text in other.environment.items()
            if not name.startswith(LEFT_OUT)}
    return dataclasses.replace(
        other,
        name=_renamed(other.name),
        parent=parent,
        image=image,
        releases=(RELEASE,),
        instead="Open vSwitch does the work of the Linux bridge, with neutron-agents-ovs",
        environment={**kept, **environment},
        requires=tuple(_renamed(name) for name in other.requires if name != "ovs-vswitchd"),
        follows=tuple(map(_renamed, other.follows)),
        **changed,
    )


def _server(other: Container, **changed: Any) -> Container:
    return _with_bridge(
        other, SERVER_IMAGE_LINUX_BRIDGE, "neutron-server-linux-bridge", SERVERS, **changed
    )


def _agent(
    other: Container, parent: str, environment: Mapping[str, str], **changed: Any
) -> Container:
    privileges = tuple(one for one in other.privileges if one != openvswitch.CLIENT)
    volumes = tuple(one for one in other.volumes if one != openvswitch.RUN)
    mine = {"privileges": privileges, "volumes": volumes} | changed
    return _with_bridge(other, AGENT_IMAGE_LINUX_BRIDGE, parent, environment, **mine)


NEUTRON_API_LINUX_BRIDGE = _server(
    server.NEUTRON_API, verify=(upgrade_check("neutron-status"),)
)
NEUTRON_RPC_SERVER_LINUX_BRIDGE = _server(server.NEUTRON_RPC_SERVER)
NEUTRON_PERIODIC_WORKERS_LINUX_BRIDGE = _server(
    server.NEUTRON_PERIODIC_WORKERS, check=Check((*PERIODIC_CHECK.command, "alone")),
)

NEUTRON_LINUXBRIDGE_AGENT = _agent(
    agents.NEUTRON_OPENVSWITCH_AGENT,
    "neutron-agents-linux-bridge",
    {
        "KOLLA_PRELOAD": "neutron.plugins.ml2.drivers.linuxbridge.agent.linuxbridge_neutron_agent",
        "KOLLA_RPC_QUEUE": "q-agent-notifier-port-update.${host.name}",
        "OS_LINUX_BRIDGE__PHYSICAL_INTERFACE_MAPPINGS": "${neutron.physical_interfaces}",
        "OS_VXLAN__LOCAL_IP": "${neutron.tunnel_address}",
        "OS_VXLAN__L2_POPULATION": "true",
        # As other switches have it; that of the kernel is another one.
        "OS_VXLAN__UDP_DSTPORT": "4789",
        "OS_SECURITYGROUP__FIREWALL_DRIVER": "iptables",
    },
    command=("kolla-worker", "kolla-preload", "neutron-linuxbridge-agent"),
    # Its lock of iptables lies there.
    volumes=(agents.STATE,),
    privileges=(
        *(one for one in agents.ROOT if one != openvswitch.CLIENT),
        Privilege("capability", "asks for sets of addresses in rules", value="NET_RAW"),
        agents.REGAIN,
        Privilege("unconfined", "sets the kernel's options of a bridge", value="systempaths"),
    ),
    needs=(
        HostNeed("module", "br_netfilter", "hands it packets of bridges", optional=True),
        HostNeed("sysctl", "net.bridge.bridge-nf-call-iptables=1",
                 "security groups are rules of iptables"),
        HostNeed("sysctl", "net.bridge.bridge-nf-call-ip6tables=1", "the same for IPv6"),
    ),
    may_stop=(),
    verify=(Task("interfaces", ("kolla-linux-bridge", "verify")),),
    bootstrap=(),
    expand=(),
    farewell=(Task("bridges", ("kolla-linux-bridge", "farewell")),),
)

NETWORK_SET = "neutron-network-linux-bridge"

DHCP_AGENT_LINUX_BRIDGE = _agent(agents.DHCP_AGENT, NETWORK_SET, SPACES, may_stop=MAY_STOP)
L3_AGENT_LINUX_BRIDGE = _agent(agents.L3_AGENT, NETWORK_SET, SPACES, may_stop=MAY_STOP)
METADATA_AGENT_LINUX_BRIDGE = _agent(agents.METADATA_AGENT, NETWORK_SET, {})

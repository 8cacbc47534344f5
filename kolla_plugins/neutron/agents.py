"""The agents of Neutron: what makes ports, networks and routers on a host."""

from typing import Any

from kolla.plugin import (
    Check, Container, HostMount, Limits, Privilege, Strategy, Task, Volume, authority_file,
)
from kolla_plugins import openvswitch
from kolla_plugins.neutron.common import AGENT_IMAGE, USER
from kolla_plugins.nova.api import METADATA
from kolla_plugins.openstack import (
    MESSAGING_FILE, QUEUE_TEARDOWN, WORKER_CHECK, messaging_environment, worker_environment,
)

#: Those that the next generation needs are there before it starts; the one before does without.
BRIDGES = Task("bridges", ("kolla-bridges",))

NETWORK_SET = "openstack-network-operation"

#: What agents keep of networks and routers, and the socket of the metadata agent.
STATE = Volume("neutron", "/var/lib/neutron", shared=True)

SWITCH = {
    "OS_OVS__DATAPATH_TYPE": "${openvswitch.datapath}",
    "OS_OVS__OVSDB_CONNECTION": openvswitch.DATABASE,
}

ROOT = (
    Privilege("root", "the kernel lets nobody else change networks"),
    Privilege("capability", "makes ports, addresses, routes and rules", value="NET_ADMIN"),
    Privilege("capability", "makes name spaces of the network and enters them", value="SYS_ADMIN"),
    Privilege("capability", "looks for processes in name spaces", value="SYS_PTRACE"),
    Privilege("capability", "writes files of other users", value="DAC_OVERRIDE"),
    Privilege("capability", "reads files of other users", value="DAC_READ_SEARCH"),
    openvswitch.CLIENT,
)

#: Neutron calls them from a process that has given up what it does not need by itself.
REGAIN = Privilege(
    "new-privileges", "programs that it starts with fewer capabilities get these back"
)

#: What an agent needs to start programs that serve on when it ends.
CHILDREN = (
    Privilege("pid", "finds the programs again that the generation before it has started"),
    Privilege("cgroup", "starts them outside its own control group, so that they outlive it"),
    Privilege("capability", "starts them as a user without rights", value="SETUID"),
    Privilege("capability", "starts them as a group without rights", value="SETGID"),
    Privilege("capability", "tells neighbours that an address has moved", value="NET_RAW"),
    Privilege("capability", "they answer on ports below 1024", value="NET_BIND_SERVICE"),
    Privilege("capability", "ends them when they are needed no more", value="KILL"),
    REGAIN,
    Privilege("unconfined", "AppArmor forbids the mounts of name spaces", value="apparmor"),
    Privilege(
        "unconfined", "sets the kernel's options of a name space", value="systempaths",
    ),
)

SPACES = (
    HostMount(
        "/run/netns", "/run/netns", "name spaces outlive the agent, and others enter them",
        read_only=False, propagation="rshared",
    ),
    HostMount(
        "/sys/fs/cgroup", "/host/cgroup", "the control groups in which its programs"
        " outlive it", read_only=False,
    ),
)


def _agent(
    name: str, summary: str, topic: str, command: tuple[str, ...], **declared: Any
) -> Container:
    environment = worker_environment(topic) | SWITCH | declared.pop("environment")
    return Container(
        name=name,
        project="neutron",
        summary=summary,
        image=AGENT_IMAGE,
        user=USER,
        strategy=Strategy.RELIEVE,
        command=("kolla-worker", *command),
        join=(),
        environment=environment,
        check=WORKER_CHECK,
        files=(MESSAGING_FILE,),
        limits=Limits(memory="512m"),
        follows=("neutron-rpc-server",),
        teardown=(QUEUE_TEARDOWN,),
        # Whatever it leaves half done, the next start does anew.
        stop_grace=15,
        **declared,
    )


NEUTRON_OPENVSWITCH_AGENT = _agent(
    "neutron-openvswitch-agent",
    "Plugs the ports of virtual machines into their networks",
    "q-agent-notifier-tunnel-update",
    ("kolla-openvswitch-agent",),
    parent="neutron-agents-ovs",
    environment={
        "KOLLA_PRELOAD": "neutron.plugins.ml2.drivers.openvswitch.agent.ovs_neutron_agent",
        "KOLLA_PHYSICAL_NETWORKS": "${neutron.physical_networks}",
        "KOLLA_BRIDGE_INTERFACES": "${neutron.bridge_interfaces}",
        "KOLLA_BRIDGE_ADDRESSES": "${neutron.bridge_addresses}",
        "OS_OVS__BRIDGE_MAPPINGS": "${neutron.physical_networks}",
        "OS_OVS__LOCAL_IP": "${neutron.tunnel_address}",
        # Seconds. An answer of a switch that was replaced meanwhile never comes.
        "OS_OVS__OF_REQUEST_TIMEOUT": "10",
        "OS_AGENT__TUNNEL_TYPES": "vxlan",
        "OS_AGENT__L2_POPULATION": "true",
        "OS_SECURITYGROUP__FIREWALL_DRIVER": "openvswitch",
    },
    volumes=(openvswitch.RUN,),
    privileges=ROOT,
    requires=("ovs-vswitchd", "rabbitmq", "neutron-rpc-server"),
    verify=(Task("bridges", ("kolla-bridges", "--verify")),),
    bootstrap=(BRIDGES,),
    expand=(BRIDGES,),
    farewell=(Task("bridges", ("kolla-farewell", "switch")),),
)

DHCP_AGENT = _agent(
    "dhcp-agent",
    "Gives virtual machines their addresses",
    "dhcp_agent",
    ("kolla-space-agent", "neutron-dhcp-agent"),
    parent=NETWORK_SET,
    environment={
        "KOLLA_PRELOAD": "neutron.agent.dhcp.agent neutron.agent.linux.dhcp",
        "OS_DEFAULT__INTERFACE_DRIVER": "openvswitch",
        "OS_DEFAULT__ENABLE_ISOLATED_METADATA": "true",
    },
    volumes=(STATE, openvswitch.RUN),
    host_mounts=SPACES,
    privileges=ROOT + CHILDREN,
    outlived_by=("dnsmasq", "haproxy"),
    may_stop=("kolla-needed",),
    requires=("neutron-openvswitch-agent", "rabbitmq", "neutron-rpc-server"),
    farewell=(Task("name-spaces", ("kolla-farewell", "qdhcp-")),),
)

L3_AGENT = _agent(
    "l3-agent",
    "Makes routers and floating addresses",
    "l3_agent",
    ("kolla-space-agent", "neutron-l3-agent"),
    parent=NETWORK_SET,
    environment={
        "KOLLA_PRELOAD": "neutron.agent.l3.agent",
        "OS_DEFAULT__INTERFACE_DRIVER": "openvswitch",
        "OS_AGENT__EXTENSIONS": "${neutron.firewall?fwaas_v2:}",
        "OS_FWAAS__ENABLED": "${neutron.firewall}",
    },
    volumes=(STATE, openvswitch.RUN),
    host_mounts=SPACES,
    privileges=ROOT + CHILDREN,
    outlived_by=("haproxy", "keepalived", "neutron-keepalived-state-change", "radvd"),
    may_stop=("kolla-needed",),
    requires=("neutron-openvswitch-agent", "rabbitmq", "neutron-rpc-server"),
    farewell=(Task("name-spaces", ("kolla-farewell", "qrouter-", "snat-", "fip-")),),
)

METADATA_AGENT = Container(
    name="metadata-agent",
    parent=NETWORK_SET,
    project="neutron",
    summary="Asks Nova for what virtual machines want to know of themselves",
    image=AGENT_IMAGE,
    user=USER,
    strategy=Strategy.RELIEVE,
    command=("kolla-run", "kolla-metadata-agent"),
    join=(),
    environment={
        "KOLLA_PRELOAD": "neutron.agent.metadata.agent",
        "OS_DEFAULT__HOST": "${host.name}",
        "OS_DEFAULT__METADATA_WORKERS": "2",
        "KOLLA_METADATA_URL": "${metadata.internal_url}",
        "OS_DEFAULT__AUTH_CA_CERT": "${api.tls?/etc/kolla/tls/metadata.crt:}",
        "OS_DEFAULT__METADATA_PROXY_SHARED_SECRET": "${oslo:metadata.shared_secret}",
        **messaging_environment(),
    },
    check=Check(("kolla-check-metadata",)),
    files=(MESSAGING_FILE, authority_file("metadata", "api.tls")),
    volumes=(STATE,),
    follows=("neutron-rpc-server",),
    requires=("rabbitmq", "neutron-rpc-server"),
    limits=Limits(memory="512m"),
    options=METADATA,
)

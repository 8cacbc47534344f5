"""Open vSwitch: the switch that virtual machines are plugged into, and its database."""

from oslo_config import cfg

from kolla.plugin import (
    Check, Container, HostNeed, Image, Limits, Privilege, Volume, shared_folder,
)

#: Of the database; whoever is in this group may change the switch.
GROUP = 42474

#: Where both listen; a client of the switch has it, and :data:`CLIENT`.
RUN = Volume("openvswitch-run", "/run/openvswitch", shared=True)
CLIENT = Privilege(
    "group", "the sockets of Open vSwitch are open to its members alone", value=str(GROUP)
)
#: The address of the database for clients, as they have :data:`RUN`.
DATABASE = "unix:/run/openvswitch/db.sock"

OPTIONS = {
    "openvswitch": (
        cfg.StrOpt(
            "datapath", default="system", choices=("system", "netdev"),
            help="Where packets are forwarded: by the kernel's module openvswitch (system), or, "
            "where the kernel has none, by the process ovs-vswitchd (netdev), which is slower.",
        ),
    ),
}

IMAGE = Image("openvswitch", folder=shared_folder("docker", "openvswitch"), offline=True)

#: Not as long as virtual machines are plugged in.
MAY_STOP = ("kolla-plugged",)

OVSDB_SERVER = Container(
    name="ovsdb-server",
    parent="neutron-agents-ovs",
    summary="The database of Open vSwitch: its bridges and ports",
    image=IMAGE,
    user=GROUP,
    command=("kolla-ovsdb",),
    check=Check(("kolla-check-ovsdb",)),
    may_stop=MAY_STOP,
    volumes=(Volume("openvswitch", "/var/lib/openvswitch"), RUN),
    limits=Limits(memory="256m", pids="64"),
)

OVS_VSWITCHD = Container(
    name="ovs-vswitchd",
    parent="neutron-agents-ovs",
    summary="Open vSwitch, the switch that virtual machines are plugged into",
    image=IMAGE,
    user=GROUP,
    command=("kolla-switch",),
    check=Check(("kolla-check-switch",)),
    may_stop=MAY_STOP,
    volumes=(RUN,),
    privileges=(
        Privilege("root", "the kernel lets nobody else make network devices"),
        Privilege("capability", "makes bridges, tunnels and ports", value="NET_ADMIN"),
        Privilege("capability", "reads and sends the packets of ports", value="NET_RAW"),
        Privilege("device", "the ports of bridges, without the module", value="/dev/net/tun"),
        CLIENT,
    ),
    needs=(
        HostNeed(
            "module", "openvswitch", "forwards packets in the kernel; without it set"
            " [openvswitch] datapath = netdev", optional=True,
        ),
    ),
    requires=("ovsdb-server",),
    options=OPTIONS,
    # Keys of other_config, which no list has.
    open_groups=("other_config",),
)

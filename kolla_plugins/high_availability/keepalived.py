"""keepalived: keeps the virtual address on one of the hosts on which HAProxy works."""

from oslo_config import cfg

from kolla.plugin import (
    Check, Container, File, HostNeed, Image, Limits, Privilege, Strategy, Task, secret,
    shared_folder,
)
from kolla_plugins.high_availability import haproxy, peers

OPTIONS = {
    **haproxy.OPTIONS,
    "keepalived": (
        cfg.StrOpt(
            "interface", default="${host.interface}",
            help="The interface of this host that gets the virtual address.",
        ),
        cfg.IPOpt(
            "address", version=4, default="${host.address}",
            help="The IPv4 address of that interface from which keepalived talks to those of the "
            "other hosts.",
        ),
        cfg.IntOpt(
            "router_id", default=51, min=1, max=255,
            help="The number of the virtual address in VRRP. The same on all hosts, and no other "
            "one of the same network.",
        ),
        secret(
            "password", form="hex:4",
            help="What the hosts say to each other, in clear: it keeps clouds apart that have the "
            "same router_id, and no attacker out. The same on all hosts.",
        ),
    ),
}

KEEPALIVED = Container(
    name="keepalived",
    parent="high-availability-control",
    summary="keepalived, keeps the virtual address on a host on which HAProxy works",
    image=Image("keepalived", folder=shared_folder("docker", "keepalived"), offline=True),
    user=42455,
    strategy=Strategy.REPLACE,
    environment={
        "KOLLA_HOST": "${host.name}",
        "KOLLA_INTERFACE": "${keepalived.interface}",
        "KOLLA_ADDRESS": "${api.virtual_address}",
        "KOLLA_STATUS_ADDRESS": "${haproxy.status_address}",
        "KOLLA_STATUS_PORT": "${haproxy.status_port}",
        "KOLLA_MONITOR_ADDRESS": "${monitor.listen_address}",
        "KOLLA_MONITOR_PORT": "${monitor.listen_port}",
    },
    files=(
        File("/etc/kolla/keepalived.conf", content=peers.configuration, mode=0o600),
    ),
    verify=(Task("configuration", ("kolla-verify",)),),
    check=Check(interval=10),
    privileges=(
        Privilege("root", "an engine gives capabilities to root alone"),
        Privilege("capability", "it gives the interface the virtual address", "NET_ADMIN"),
        Privilege("capability", "VRRP is a protocol of its own, as is ARP, by which it tells "
                  "the network where the address is", "NET_RAW"),
        Privilege("capability", "ARP goes to all hosts of the network", "NET_BROADCAST"),
        Privilege("capability", "it runs a script without groups, which tells whether HAProxy "
                  "works", "SETGID"),
    ),
    needs=(HostNeed("interface", "${keepalived.interface}", "it gets the virtual address"),),
    requires=("haproxy",),
    limits=Limits(memory="128m", pids="64", files="256"),
    options=OPTIONS,
)

"""memcached: what services have looked up already; losing it costs speed alone."""

from oslo_config import cfg

from kolla.plugin import (
    Container, Image, Limits, Listen, Strategy, each_host, secret, shared_folder,
)

OPTIONS = {
    "memcached": (
        cfg.BoolOpt(
            "use", default=False,
            help="Whether services keep tokens, and Keystone what it looks up, in the memcached "
            "of all hosts that run it.",
        ),
        cfg.IPOpt(
            "address", version=4, default="${host.internal_address}",
            help="The IPv4 address of this host that memcached listens on. Clients do not log "
            "in: only the hosts of the cloud should reach it.",
        ),
        cfg.PortOpt("port", default=11211, help="The port of that address."),
        each_host(
            "servers", "memcached", "${memcached.address}:${memcached.port}",
            help="Where services find memcached, each as ADDRESS:PORT. The same, in the same "
            "order, on all hosts.",
        ),
        cfg.IntOpt("memory", default=256, min=8, help="Memory for items, in megabytes."),
        cfg.IntOpt(
            "connections", default=4096, min=16,
            help="Clients at the same time. Each process of a service has up to ten.",
        ),
        secret(
            "keystone_secret",
            help="Keystone signs with it what it keeps. The same on all hosts.",
        ),
        secret(
            "secret",
            help="Services encrypt tokens with it before they keep them. The same on all hosts.",
        ),
    ),
}

MEMCACHED = Container(
    name="memcached",
    parent="cache-control",
    summary="memcached, what services have looked up already",
    image=Image("memcached", folder=shared_folder("docker", "memcached"), offline=True),
    user=42457,
    strategy=Strategy.REPLACE,
    environment={
        "KOLLA_ADDRESS": "${memcached.address}",
        "KOLLA_PORT": "${memcached.port}",
        "KOLLA_MEMORY": "${memcached.memory}",
        "KOLLA_CONNECTIONS": "${memcached.connections}",
    },
    listens=(Listen("${memcached.address}", "${memcached.port}"),),
    limits=Limits(
        memory="128m + 1m * ${memcached.memory} + 64k * ${memcached.connections}",
        files="64 + ${memcached.connections}",
        pids="64",
    ),
    options=OPTIONS,
)

"""memcached as a container of kolla."""

import pathlib

from oslo_config import cfg

from kolla.plugin import Container, ContainerSet, Image, Limits, Listen, Strategy

CACHE_CONTROL = ContainerSet("cache-control", "Caches of the control plane")

MEMCACHED = Container(
    name="memcached",
    parent="cache-control",
    summary="memcached, a cache that is lost when it restarts",
    image=Image("memcached", folder=pathlib.Path(__file__).parent / "image", offline=True),
    user=42457,
    strategy=Strategy.REPLACE,
    environment={
        "KOLLA_ADDRESS": "${memcached.address}",
        "KOLLA_PORT": "${memcached.port}",
        "KOLLA_MEMORY": "${memcached.memory}",
        "KOLLA_CONNECTIONS": "${memcached.connections}",
    },
    listens=(Listen("${memcached.address}", "${memcached.port}"),),
    limits=Limits(memory="128m + 1m * ${memcached.memory} + 64k * ${memcached.connections}"),
    options={
        "memcached": (
            cfg.StrOpt("address", default="${host.address}", help="The address it listens on."),
            cfg.PortOpt("port", default=11211, help="The port of that address."),
            cfg.IntOpt("memory", default=64, min=8, help="Memory for items, in megabytes."),
            cfg.IntOpt("connections", default=1024, min=1, help="Clients at the same time."),
        ),
    },
)

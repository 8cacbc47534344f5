"""Redis as a container of kolla."""

import pathlib

from oslo_config import cfg

from kolla.plugin import Container, ContainerSet, Image, Limits, Listen, Strategy

STORES = ContainerSet("stores", "Stores of applications")

REDIS = Container(
    name="redis",
    parent="stores",
    summary="Redis, a store whose content is lost when it restarts",
    image=Image("redis", folder=pathlib.Path(__file__).parent / "image", offline=True),
    user=42460,
    strategy=Strategy.REPLACE,
    environment={
        "KOLLA_ADDRESS": "${redis.address}",
        "KOLLA_PORT": "${redis.port}",
        "KOLLA_MEMORY": "${redis.memory}",
        "KOLLA_CONNECTIONS": "${redis.connections}",
    },
    listens=(Listen("${redis.address}", "${redis.port}"),),
    limits=Limits(memory="128m + 1m * ${redis.memory} + 64k * ${redis.connections}"),
    options={
        "redis": (
            cfg.StrOpt("address", default="${host.address}", help="The address it listens on."),
            cfg.PortOpt("port", default=6379, help="The port of that address."),
            cfg.IntOpt("memory", default=64, min=8, help="Memory for items, in megabytes."),
            cfg.IntOpt("connections", default=1024, min=1, help="Clients at the same time."),
        ),
    },
)

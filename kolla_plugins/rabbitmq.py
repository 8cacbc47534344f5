"""RabbitMQ: the message queues of the control plane."""

from oslo_config import cfg

from kolla.plugin import (
    Certificate, Container, Downgrade, Image, Limits, Listen, Strategy, Volume,
    certificate_files, certificate_options, each_host, secret, shared_folder,
)

OPTIONS = {
    "messaging": (
        cfg.IPOpt(
            "address", version=4, default="${host.internal_address}",
            help="The IPv4 address where services find RabbitMQ.",
        ),
        cfg.IPOpt(
            "listen_address", version=4, default="${messaging.address}",
            help="The IPv4 address of this host that RabbitMQ listens on, where that is another "
            "one.",
        ),
        cfg.IPOpt(
            "former_address", version=4, default="${messaging.listen_address}",
            help="A second IPv4 address of this host that RabbitMQ listens on, while services "
            "that have not been upgraded since a move still use it.",
        ),
        cfg.PortOpt("port", default=5672, help="The port of all these addresses for AMQP."),
        cfg.BoolOpt(
            "tls", default=False, help="Whether clients reach RabbitMQ on that port over TLS.",
        ),
        cfg.PortOpt(
            "plain_port",
            help="Another port of these addresses, for clients without TLS, while there are some.",
        ),
        *certificate_options("rabbitmq"),
        cfg.IPOpt(
            "distribution_address", version=4, default="127.0.0.1",
            help="The IPv4 address for rabbitmqctl and for other RabbitMQ nodes. Whoever reaches "
            "it and knows the cookie controls the broker.",
        ),
        cfg.PortOpt(
            "distribution_port", default=25672, help="The port of that address.",
        ),
        cfg.PortOpt(
            "epmd_port", default=4369,
            help="The port of that address, and of 127.0.0.1, on which a node is asked for its "
            "distribution port. The same on all hosts.",
        ),
        cfg.StrOpt("user", default="openstack", help="The user that services log in as."),
        each_host(
            "urls", "rabbitmq",
            "${url:messaging.user}:${url:messaging.password}"
            "@${messaging.address}:${messaging.port}",
            help="Where services find all brokers, each as USER:PASSWORD@ADDRESS:PORT.",
            secret=True,
        ),
        cfg.BoolOpt(
            "notifications", default=False,
            help="Whether services tell of what they do, for ceilometer-notification. Where it "
            "does not run, only the newest of it is kept.",
        ),
        secret("password", help="Its password. A new one holds after RabbitMQ's next start."),
        secret("cookie", help="Whoever knows it controls the broker. The same on all hosts."),
        cfg.BoolOpt(
            "durable_queues", default=False,
            help="Whether RabbitMQ keeps the queues of services, with what waits there, when it "
            "ends. Otherwise a call is lost if its service connects to a restarted RabbitMQ later "
            "than the caller. Services with it and without it cannot share a broker: see the page "
            "Upgrades before you change it where services run.",
        ),
        cfg.IntOpt(
            "max_connections", default=4000, min=10,
            help="Clients at the same time; further ones wait. One that does not log in within "
            "ten seconds is put out.",
        ),
        cfg.FloatOpt(
            "memory_share", default=0.4, min=0.01, max=1.0,
            help="Publishers wait while RabbitMQ uses more than this share of its memory ([limits]"
            " memory); without a limit, of the host's.",
        ),
        cfg.StrOpt(
            "disk_reserve", default="500MB", regex="^[0-9]+([kKmMgG](i?[bB])?)?$",
            help="Publishers wait while less than this is free on the disk, as 500MB or 2GB.",
        ),
    ),
}

RABBITMQ = Container(
    name="rabbitmq",
    parent="messaging-control",
    summary="RabbitMQ, the message queues of the control plane",
    image=Image("rabbitmq", folder=shared_folder("docker", "rabbitmq"), offline=True),
    user=42439,
    strategy=Strategy.REPLACE,
    downgrade=Downgrade.REFUSED,
    environment={
        "KOLLA_ADDRESS": "${messaging.listen_address}",
        "KOLLA_FORMER_ADDRESS": "${messaging.former_address}",
        "KOLLA_PORT": "${messaging.port}",
        "KOLLA_PLAIN_PORT": "${messaging.plain_port}",
        "KOLLA_DISTRIBUTION_ADDRESS": "${messaging.distribution_address}",
        "KOLLA_DISTRIBUTION_PORT": "${messaging.distribution_port}",
        "KOLLA_EPMD_PORT": "${messaging.epmd_port}",
        "KOLLA_NODE": "${host.name}",
        "KOLLA_USER": "${messaging.user}",
        "KOLLA_PASSWORD": "${messaging.password}",
        "KOLLA_COOKIE": "${messaging.cookie}",
        "OS_DEFAULT__RANCH_CONNECTION_MAX": "${messaging.max_connections}",
        "OS_DEFAULT__VM_MEMORY_HIGH_WATERMARK.RELATIVE": "${messaging.memory_share}",
        "OS_DEFAULT__DISK_FREE_LIMIT.ABSOLUTE": "${messaging.disk_reserve}",
    },
    certificate=Certificate(
        "messaging", when="messaging.tls",
        names=(
            "${messaging.address}", "${messaging.listen_address}", "${messaging.former_address}",
            "${host.name}",
        ),
    ),
    files=certificate_files("messaging", "messaging.tls"),
    listens=(
        Listen("${messaging.listen_address}", "${messaging.port}", balanced="tcp"),
        Listen("${messaging.listen_address}", "${messaging.plain_port}", balanced="tcp"),
        Listen("${messaging.former_address}", "${messaging.port}"),
        Listen("${messaging.former_address}", "${messaging.plain_port}"),
        Listen("${messaging.distribution_address}", "${messaging.distribution_port}"),
        Listen("${messaging.distribution_address}", "${messaging.epmd_port}"),
        # epmd always binds the loopback address as well.
        Listen("127.0.0.1", "${messaging.epmd_port}"),
    ),
    volumes=(Volume("rabbitmq", "/var/lib/rabbitmq"),),
    stop_grace=120,
    limits=Limits(memory="2g"),
    options=OPTIONS,
)

"""MariaDB: the databases of the control plane."""

from oslo_config import cfg, types

from kolla.plugin import (
    Certificate, Check, Container, Downgrade, File, Former, Image, Limits, Listen, Strategy, Task,
    Volume, certificate_files, certificate_options, secret, shared_folder,
)
from kolla_plugins import galera

#: The address of a client, or a pattern of MariaDB for several addresses.
HOST = types.String(regex="^[0-9a-fA-F.:%_]+$")

OPTIONS = {
    "database": (
        cfg.StrOpt(
            "address", default="${host.internal_address}",
            help="The address where services find their databases.",
        ),
        cfg.StrOpt(
            "listen_address", default="${database.address}",
            help="The address of this host that MariaDB listens on, where that is another one.",
        ),
        cfg.StrOpt(
            "former_address", default="${database.listen_address}",
            help="A second address of this host that MariaDB listens on, while services that "
            "have not been upgraded since a move still use it.",
        ),
        cfg.PortOpt("port", default=3306, help="The port of all these addresses."),
        cfg.BoolOpt(
            "tls", default=False,
            help="Whether services reach MariaDB over TLS only, and verify that it is MariaDB.",
        ),
        cfg.BoolOpt(
            "require_tls", default=False,
            help="Whether MariaDB refuses clients without TLS, as services are that were started "
            "before tls was turned on. [database] tls has to be on as well.",
        ),
        *certificate_options("mariadb"),
        secret(
            "root_password",
            help="The password of root. A new one holds after MariaDB's next start.",
        ),
        cfg.ListOpt(
            "root_hosts", default=[], item_type=HOST,
            help="Addresses of other hosts from which root may log in, because services there "
            "make their databases here; 10.0.0.% stands for all that begin with 10.0.0.",
        ),
        cfg.IntOpt("max_connections", default=1000, min=10, help="Clients at the same time."),
        cfg.StrOpt(
            "session_memory", default="256M", regex="^[0-9]+[KMGT]?$",
            help="Memory that a statement can use, in bytes or with a suffix K, M, G or T. One "
            "that needs more fails.",
        ),
        cfg.StrOpt(
            "buffer_pool_size", default="256M", regex="^[0-9]+[KMGT]?$",
            help="Memory in which InnoDB keeps tables and indexes, in bytes or with a suffix "
            "K, M, G or T.",
        ),
    ),
    "galera": galera.OPTIONS,
}

MARIADB = Container(
    name="mariadb",
    parent="database-control",
    formerly=(Former("galera"),),
    summary="MariaDB, the databases of the control plane, alone or in a Galera cluster",
    image=Image("mariadb", folder=shared_folder("docker", "mariadb"), offline=True),
    user=42434,
    strategy=Strategy.REPLACE,
    downgrade=Downgrade.REFUSED,
    environment={
        "KOLLA_ADDRESS": "${database.listen_address}",
        "KOLLA_FORMER_ADDRESS": "${database.former_address}",
        "KOLLA_PORT": "${database.port}",
        "KOLLA_REQUIRE_TLS": "${database.require_tls}",
        "KOLLA_SESSION_MEMORY": "${database.session_memory}",
        "KOLLA_ROOT_HOSTS": "127.0.0.1,${database.listen_address},${database.root_hosts}",
        "KOLLA_ROOT_PASSWORD": "${database.root_password}",
        "OS_MYSQLD__INNODB_BUFFER_POOL_SIZE": "${database.buffer_pool_size}",
        "OS_MYSQLD__MAX_CONNECTIONS": "${database.max_connections}",
    },
    certificate=Certificate(
        "database", when="database.tls",
        names=(
            "${database.address}", "${database.listen_address}", "${database.former_address}",
            "${host.name}",
        ),
    ),
    files=(
        *certificate_files("database", "database.tls"),
        galera.AUTHORITY,
        File("/etc/kolla/galera.cnf", content=galera.configuration, when="galera.enabled"),
    ),
    listens=(
        Listen(
            "${database.listen_address}", "${database.port}",
            balanced="${galera.enabled?one:}",
        ),
        Listen("${database.former_address}", "${database.port}"),
        *galera.LISTENS,
    ),
    volumes=(Volume("mariadb", "/var/lib/mysql"),),
    # After a crash InnoDB replays its log first; a new member of a cluster gets all data.
    check=Check(grace=1800),
    bootstrap=(Task("database", ("kolla-bootstrap",)),),
    verify=(Task("configuration", ("kolla-configure", "--verify"), warning=3),),
    may_stop=("kolla-may-stop",),
    on_demand=(
        Task("new-cluster", ("kolla-bootstrap", "--new-cluster")),
        Task("leave-cluster", ("rm", "-f", *galera.OF_A_CLUSTER)),
    ),
    stop_grace=120,
    # A thread, some buffers and some files for each client.
    limits=Limits(
        memory="512m + ${database.buffer_pool_size} + 2m * ${database.max_connections}",
        pids="512 + ${database.max_connections}",
        files="8192 + 8 * ${database.max_connections}",
        least_memory="${database.buffer_pool_size}",
    ),
    options=OPTIONS,
)

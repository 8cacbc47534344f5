"""Galera: the MariaDBs of several hosts as one cluster, in which each has all data."""

from collections.abc import Sequence

from oslo_config import cfg

from kolla.plugin import Cloud, Host, Listen, authority_file
from kolla_plugins.high_availability.backends import endpoint

OPTIONS = (
    cfg.BoolOpt(
        "enabled", default=False,
        help="Whether the MariaDBs of all hosts are members of one cluster. The same on all "
        "hosts.",
    ),
    cfg.IPOpt(
        "address", version=4, default="${database.listen_address}",
        help="The IPv4 address of this host where the other members find it.",
    ),
    cfg.PortOpt("port", default=4567, help="The port of that address for changes of data."),
    cfg.PortOpt(
        "missed_port", default=4568,
        help="The port of that address on which a member that was away gets what it has missed.",
    ),
    cfg.PortOpt(
        "copy_port", default=4444,
        help="The port of that address on which a member gets a copy of all data.",
    ),
    cfg.StrOpt(
        "kept", default="512M", regex="^[0-9]+[KMG]?$",
        help="Bytes of changes that each member keeps on its disk for others that are away, with "
        "or without a suffix K, M or G. One that has missed more gets a copy of all data.",
    ),
)
#: What the data have of a cluster, besides the data themselves.
OF_A_CLUSTER = ("/var/lib/mysql/shared", "/var/lib/mysql/data/grastate.dat")
#: The options of the database that all members have to agree on.
SHARED = ("address", "port", "tls")

LISTENS = tuple(
    Listen("${galera.address}", "${galera.enabled?${galera." + port + "}:}")
    for port in ("port", "missed_port", "copy_port")
)
#: The authority that vouches for the certificates of all members.
AUTHORITY = authority_file("database", "database.tls")

#: Of my.cnf. MariaDB does not read the first section, but the scripts of the image do.
CONFIGURATION = """\
[kolla]
servers = {servers}
monitors = {monitors}
[mysqld]
wsrep_on = ON
wsrep_provider = /usr/lib/galera/libgalera_smm.so
wsrep_cluster_name = kolla
wsrep_cluster_address = gcomm://{members}
wsrep_node_address = ${{galera.address}}:${{galera.port}}
wsrep_node_name = ${{host.name}}
wsrep_provider_options = "{provider}"
wsrep_sst_method = mariabackup
# Its own user over the local socket: there is no password that anybody could see.
wsrep_sst_auth = mysql:
wsrep_sst_receive_address = ${{galera.address}}:${{galera.copy_port}}
binlog_format = ROW
default_storage_engine = InnoDB
innodb_autoinc_lock_mode = 2
{encrypted}"""
#: A member that waits for the others does not give up; one that has died is noticed soon.
PROVIDER = {
    "gmcast.listen_addr": "tcp://${galera.address}:${galera.port}",
    "ist.recv_addr": "${galera.address}:${galera.missed_port}",
    "gcache.size": "${galera.kept}",
    "gcache.recover": "yes",
    "pc.wait_prim_timeout": "P30D",
    "evs.keepalive_period": "PT0.3S",
    "evs.suspect_timeout": "PT2S",
    "evs.inactive_check_period": "PT0.3S",
    "evs.inactive_timeout": "PT6S",
    "gmcast.peer_timeout": "PT2S",
}
TLS = "/etc/kolla/tls/"
ENCRYPTED_PROVIDER = {
    "socket.ssl": "yes",
    "socket.ssl_cert": f"{TLS}server.crt",
    "socket.ssl_key": f"{TLS}server.crt.key",
    "socket.ssl_ca": f"{TLS}database.crt",
}
ENCRYPTED = f"""\
[sst]
encrypt = 4
ssl_cert = {TLS}server.crt
ssl_key = {TLS}server.crt.key
ssl_ca = {TLS}database.crt
ssl_mode = VERIFY_CA
"""


def configuration(cloud: Cloud) -> str:
    """What MariaDB is told of the cluster. Raises an operator's mistake if there can be none."""
    hosts = cloud.hosts("mariadb")
    if not any(host.value("galera", "enabled") for host in hosts):
        return ""
    _same(hosts, "galera", "enabled")
    if len(hosts) > 1:
        _found_elsewhere(hosts)
    for option in SHARED:
        _same(hosts, "database", option)
    members = [_place(host, "galera", "address") for host in hosts]
    _differ(hosts, members)
    tls = any(host.value("database", "tls") for host in hosts)
    provider = PROVIDER | (ENCRYPTED_PROVIDER if tls else {})
    return CONFIGURATION.format(
        servers=",".join(_place(host, "database", "listen_address") for host in hosts),
        monitors=",".join(map(endpoint, hosts)),
        members=",".join(members),
        provider="; ".join(f"{name}={value}" for name, value in provider.items()),
        encrypted=ENCRYPTED if tls else "",
    )


def _place(host: Host, group: str, address: str) -> str:
    return f"{host.value(group, address)}:{host.value(group, 'port')}"


def _same(hosts: Sequence[Host], group: str, option: str) -> None:
    values = {host.name: host.value(group, option) for host in hosts}
    for host in hosts:
        if values[host.name] != values[hosts[0].name]:
            told = ", ".join(f"{_said(value)} on {name}" for name, value in values.items())
            raise host.mistake(
                group, option,
                f"it is {told}: set the same for all members of the cluster, in kolla.conf")


def _said(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _found_elsewhere(hosts: Sequence[Host]) -> None:
    """All services of all hosts write to one member: they would wait for each other's locks."""
    for host in hosts:
        if host.value("database", "address") == host.value("database", "listen_address"):
            raise host.mistake(
                "database", "address",
                f"services would only use the MariaDB of {host.name}: set the address of HAProxy, "
                "[api] virtual_address, and [database] listen_address to that of each host")


def _differ(hosts: Sequence[Host], members: Sequence[str]) -> None:
    known: dict[str, Host] = {}
    for host, member in zip(hosts, members):
        if known.setdefault(member, host) is not host:
            raise host.mistake(
                "galera", "address",
                f"{known[member].name} and {host.name} both have {member}: set that of each host "
                "in its own file")

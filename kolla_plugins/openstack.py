"""Declarations that OpenStack services share: identity, endpoints, databases, tasks."""

import ipaddress
from collections.abc import Mapping
from typing import TypedDict

from oslo_config import cfg, types

from kolla.plugin import (
    Certificate, Check, File, Limits, Listen, Task, authority_file, certificate_files,
    certificate_options, secret,
)


class Network(types.String):
    """An IPv4 or IPv6 address, or a network of them."""

    def __init__(self) -> None:
        super().__init__(type_name="address or network")

    def __call__(self, value: str) -> str:
        ipaddress.ip_network(value, strict=False)
        return value


API = {
    "api": (
        cfg.BoolOpt(
            "tls", default=False,
            help="Whether the services' ports speak TLS, and their URLs begin with https.",
        ),
        cfg.StrOpt(
            "public_address",
            help="The name or address under which users of the cloud reach all services, such as "
            "that of a load balancer; of IPv6 in brackets. Each service's own if it is not set.",
        ),
        cfg.StrOpt(
            "internal_address",
            help="The same for the services among each other, and for administrators.",
        ),
        cfg.BoolOpt(
            "public_tls", default="${api.tls}",
            help="Whether public URLs begin with https, also where a load balancer ends TLS.",
        ),
        cfg.ListOpt(
            "proxies", item_type=Network(), default=[],
            help="Load balancers in front of the APIs, as addresses or networks. The client of a "
            "request from there is the last one that X-Forwarded-For names.",
        ),
        cfg.ListOpt(
            "trusted", item_type=Network(), default=[],
            help="The other hosts of the cloud, as addresses or networks: like this host, they "
            "have no limit of failed logins or transfers.",
        ),
        cfg.IntOpt(
            "connections_per_source", default=500, min=1,
            help="Connections that a client (an address, or an IPv6 network of 64 bits) may have "
            "to an API, of 2000; further ones are refused. Load balancers have no limit.",
        ),
    ),
}

IDENTITY = {
    "identity": (
        cfg.StrOpt("region", default="RegionOne", help="The region this host belongs to."),
        cfg.StrOpt("admin_user", default="admin", help="The cloud's first administrator."),
        cfg.StrOpt("admin_project", default="admin", help="That administrator's project."),
        secret("admin_password", help="That administrator's password."),
    ),
}


def service_options(service: str, port: int, container: str = "") -> tuple[cfg.Opt, ...]:
    """The options of an HTTP service with a database, in a group of its own.

    Give ``container`` if its name is not that of the service.
    """
    return (
        *http_options(service, port, container),
        cfg.StrOpt("database_name", default=service, help="Its database in MariaDB."),
        cfg.StrOpt("database_user", default=service, help="Its user in MariaDB."),
        secret("database_password", help="The password of that user."),
        cfg.StrOpt("policy_file", help="A policy.yaml on this host, instead of the defaults."),
    )


def http_options(service: str, port: int, container: str = "") -> tuple[cfg.Opt, ...]:
    """The options of whatever answers HTTP; addresses fit into URLs."""
    container = container or service
    public, internal = (
        f"${{{tls}?https:http}}://${{{address}|{service}.address}}:${{{service}.port}}"
        for tls, address in (
            ("api.public_tls", "api.public_address"), ("api.tls", "api.internal_address"),
        )
    )
    return (
        cfg.StrOpt("address", default="${host.address}", help="The address it listens on."),
        cfg.PortOpt("port", default=port, help="The port it listens on."),
        cfg.PortOpt(
            "plain_port",
            help="Another port of that address, without TLS, while clients still use http.",
        ),
        *certificate_options(container),
        cfg.StrOpt("public_url", default=public, help="Where users of the cloud reach it."),
        cfg.StrOpt("internal_url", default=internal, help="Where the other services reach it."),
        cfg.IntOpt("workers", default=2, min=1, help="Processes that answer requests."),
    )


def user_options(service: str) -> tuple[cfg.Opt, ...]:
    """The options of a service that has a user in Keystone."""
    return (
        cfg.StrOpt("user", default=service, help="Its user in Keystone."),
        secret("password", help="The password of that user."),
    )


def service_limits(service: str) -> Limits:
    """Bytes of memory for the router with its buffers, plus a share for each worker."""
    return Limits(memory=f"1g + 256m * ${{{service}.workers}}")


#: Where a container finds the authorities of all services that it is a client of: of those whose
#: :func:`authority_file` it has.
AUTHORITIES = "/run/kolla/authorities.crt"

#: The variable in which a service finds its database, and the option with the database's name.
DATABASE = {"OS_DATABASE__CONNECTION": "database_name"}
NOTHING: Mapping[str, str] = {}


def database_environment(
    service: str, databases: Mapping[str, str] = DATABASE
) -> dict[str, str]:
    """Where a service finds its databases, all with the same user.

    ``databases``: variables, each with the option that names its database. The first database
    holds the ledger, and all are dumped together.
    """
    login = f"${{url:{service}.database_user}}:${{url:{service}.database_password}}"
    verified = "${database.tls??ssl_ca=/etc/kolla/tls/database.crt:}"
    place = "${database.address}:${database.port}"
    names = {} if databases is DATABASE else {"KOLLA_SCHEMA_DATABASES": " ".join(databases)}
    return names | {
        variable: f"mysql+pymysql://{login}@{place}/${{{service}.{option}}}{verified}"
        for variable, option in databases.items()
    }


def service_environment(
    service: str, databases: Mapping[str, str] = DATABASE
) -> dict[str, str]:
    """The variables that every HTTP service needs; empty ``databases``: it sees none."""
    return {
        "KOLLA_HOST": "${host.name}",
        "KOLLA_ADDRESS": f"${{{service}.address}}",
        "KOLLA_PORT": f"${{{service}.port}}",
        "KOLLA_PLAIN_PORT": f"${{{service}.plain_port}}",
        "KOLLA_WORKERS": f"${{{service}.workers}}",
        "KOLLA_PROXIES": "${api.proxies}",
        "KOLLA_TRUSTED": "${host.address},${api.trusted}",
        "KOLLA_CLIENTS_OF_A_SOURCE": "${api.connections_per_source}",
        # Without it, links would repeat the Host header of a client.
        "OS_DEFAULT__PUBLIC_ENDPOINT": f"${{{service}.public_url}}",
        **(database_environment(service, databases) if databases else {}),
    }


def messaging_environment() -> dict[str, str]:
    """Where a service finds the brokers; their authority is in :data:`MESSAGING_FILE`."""
    return {
        "OS_DEFAULT__TRANSPORT_URL": "rabbit://${messaging.urls}//",
        "OS_OSLO_MESSAGING_RABBIT__SSL": "${messaging.tls}",
        "OS_OSLO_MESSAGING_RABBIT__SSL_CA_FILE": "${messaging.tls?/etc/kolla/tls/messaging.crt:}",
    }


#: The authority of the broker, a file of every service with :func:`messaging_environment`.
MESSAGING_FILE = authority_file("messaging", "messaging.tls")

#: The check of a container whose command is ``kolla-worker``; it may take long to import.
WORKER_CHECK = Check(("kolla-check-worker",), grace=120)


def worker_environment(topic: str) -> dict[str, str]:
    """The variables of a service that is called over the broker, under that topic of its own."""
    return {
        "KOLLA_HOST": "${host.name}",
        "KOLLA_RPC_QUEUE": f"{topic}.${{host.name}}",
        "OS_DEFAULT__HOST": "${host.name}",
        "OS_DEFAULT__RPC_PING_ENABLED": "true",
        **messaging_environment(),
    }


def service_listens(service: str) -> tuple[Listen, ...]:
    """The ports of an HTTP service."""
    return tuple(
        Listen(f"${{{service}.address}}", f"${{{service}.{port}}}", balanced="http")
        for port in ("port", "plain_port")
    )


def service_certificate(service: str) -> Certificate:
    """The certificate of an HTTP service."""
    names = ("address", "public_url", "internal_url")
    return Certificate(
        service, when="api.tls", public=True,
        names=tuple(f"${{{service}.{name}}}" for name in names),
    )


def service_files(service: str) -> tuple[File, ...]:
    """The files that every HTTP service with a database needs."""
    return (
        File(f"/etc/{service}/policy.yaml", option=f"{service}.policy_file"),
        *certificate_files(service, "api.tls"),
        authority_file("database", "database.tls"),
        authority_file("keystone", "api.tls"),
    )


def client_environment(service: str, group: str) -> dict[str, str]:
    """The login of the service at Keystone, in one of its groups of options."""
    options = {
        "AUTH_TYPE": "password",
        "AUTH_URL": "${keystone.internal_url}/v3",
        "CAFILE": f"${{api.tls?{AUTHORITIES}:}}",
        "REGION_NAME": "${identity.region}",
        "USERNAME": f"${{{service}.user}}",
        "PASSWORD": f"${{oslo:{service}.password}}",
        "PROJECT_NAME": "service",
        "USER_DOMAIN_ID": "default",
        "PROJECT_DOMAIN_ID": "default",
    }
    return {f"OS_{group.upper()}__{name}": value for name, value in options.items()}


def login_environment(service: str) -> dict[str, str]:
    """The login of the service at Keystone, with which it validates tokens."""
    return {
        **client_environment(service, "keystone_authtoken"),
        "OS_KEYSTONE_AUTHTOKEN__CAFILE": "${api.tls?/etc/kolla/tls/keystone.crt:}",
        "OS_KEYSTONE_AUTHTOKEN__SERVICE_TOKEN_ROLES_REQUIRED": "true",
        "OS_KEYSTONE_AUTHTOKEN__WWW_AUTHENTICATE_URI": "${keystone.public_url}/v3",
    }


DATABASE_ADMINISTRATOR = {
    "KOLLA_DATABASE_ADDRESS": "${database.address}",
    "KOLLA_DATABASE_PORT": "${database.port}",
    "KOLLA_DATABASE_ROOT_PASSWORD": "${database.root_password}",
}

IDENTITY_ADMINISTRATOR = {
    "KOLLA_IDENTITY_URL": "${keystone.internal_url}/v3",
    "KOLLA_IDENTITY_REGION": "${identity.region}",
    "KOLLA_IDENTITY_USER": "${identity.admin_user}",
    "KOLLA_IDENTITY_PROJECT": "${identity.admin_project}",
    "KOLLA_IDENTITY_PASSWORD": "${identity.admin_password}",
}


def database_task(
    service: str, option: str = "database_name", name: str = "database"
) -> Task:
    """Makes a database of the service, whose name is that option, and the service's user."""
    return Task(
        name,
        ("kolla-database",),
        environment={
            **DATABASE_ADMINISTRATOR,
            "KOLLA_DATABASE_NAME": f"${{{service}.{option}}}",
            "KOLLA_DATABASE_USER": f"${{{service}.database_user}}",
            "KOLLA_DATABASE_PASSWORD": f"${{{service}.database_password}}",
        },
    )


def schema_task(phase: str, environment: Mapping[str, str] = NOTHING) -> Task:
    """One phase of the schema of the service's database; the image has the commands.

    ``environment``: what only this task is told, such as further databases.
    """
    return Task(phase, ("kolla-schema", phase), environment, timeout=4 * 3600)


class Phases(TypedDict, total=False):
    """The tasks of a schema, by the field of the container."""

    dump: tuple[Task, ...]
    expand: tuple[Task, ...]
    contract: tuple[Task, ...]
    before_rollback: tuple[Task, ...]


def schema_phases(environment: Mapping[str, str] = NOTHING, leads: bool = True) -> Phases:
    """The phases of an upgrade; ``schema_task("bootstrap")`` comes before them.

    Of several containers that share a database only the one that ``leads`` dumps it: the
    others follow it.
    """
    phases = Phases(
        expand=(schema_task("expand", environment),),
        contract=(schema_task("contract", environment),),
        before_rollback=(schema_task("before-rollback", environment),),
    )
    if leads:
        phases["dump"] = (schema_task("dump", environment),)
    return phases


def upgrade_check(command: str) -> Task:
    """What the project itself checks before an upgrade, with its ``COMMAND upgrade check``."""
    return Task("upgrade-check", ("kolla-upgrade-check", command), warning=3)


def identity_task(service: str, kind: str, roles: str = "service", path: str = "") -> Task:
    """Makes the service's user, catalog entry and endpoints, at that path, in Keystone."""
    return Task(
        "identity",
        ("kolla-identity",),
        environment={
            **IDENTITY_ADMINISTRATOR,
            "KOLLA_SERVICE_NAME": service,
            "KOLLA_SERVICE_TYPE": kind,
            "KOLLA_SERVICE_USER": f"${{{service}.user}}",
            "KOLLA_SERVICE_PASSWORD": f"${{{service}.password}}",
            "KOLLA_SERVICE_ROLES": roles,
            "KOLLA_SERVICE_PUBLIC_URL": f"${{{service}.public_url}}{path}",
            "KOLLA_SERVICE_INTERNAL_URL": f"${{{service}.internal_url}}{path}",
        },
    )


def teardown_task(
    service: str, kind: str = "", login: bool = True, environment: Mapping[str, str] = NOTHING
) -> Task:
    """Takes away what the service has elsewhere: in MariaDB, in Keystone, at the broker.

    The catalog entry (``kind``, if the container has one) goes with the last container of its
    name, databases and user with the last container of the service, on any host. No ``login``:
    the service has no user in Keystone. ``environment``: as for :func:`schema_task`.
    """
    keystone = {
        **IDENTITY_ADMINISTRATOR,
        "KOLLA_SERVICE_NAME": service,
        "KOLLA_SERVICE_TYPE": kind,
        "KOLLA_SERVICE_USER": f"${{{service}.user}}",
    }
    told = {**environment, **DATABASE_ADMINISTRATOR, **(keystone if login else {})}
    return Task("teardown", ("kolla-teardown",), environment=told)


#: The same for a container that has a queue at the broker and sees no database.
QUEUE_TEARDOWN = Task("teardown", ("kolla-teardown",))

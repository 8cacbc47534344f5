"""How an OpenStack service is reached, and how it finds the others."""

from collections.abc import Mapping

from kolla.plugin import (
    Certificate, Check, Cloud, File, Limits, Listen, authority_file, certificate_files,
)


def service_limits(service: str) -> Limits:
    """Bytes of memory for the router with its buffers, plus a share for each worker."""
    return Limits(memory=f"1g + 256m * ${{{service}.workers}}")


#: Where a container finds the authorities of all services that it is a client of: of those whose
#: :func:`authority_file` it has.
AUTHORITIES = "/run/kolla/authorities.crt"

#: The variable in which a service finds its database, and the option with the database's name.
DATABASE = {"OS_DATABASE__CONNECTION": "database_name"}


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
        **router_environment(service),
        # Without it, links would repeat the Host header of a client.
        "OS_DEFAULT__PUBLIC_ENDPOINT": f"${{{service}.public_url}}",
        **(database_environment(service, databases) if databases else {}),
    }


def router_environment(service: str) -> dict[str, str]:
    """Where the router of an HTTP service listens, and how much it lets through."""
    return {
        "KOLLA_HOST": "${host.name}",
        "KOLLA_ADDRESS": f"${{{service}.address}}",
        "KOLLA_PORT": f"${{{service}.port}}",
        "KOLLA_PLAIN_PORT": f"${{{service}.plain_port}}",
        "KOLLA_PROXIED_PORT": _proxied_port(service),
        "KOLLA_WORKERS": f"${{{service}.workers}}",
        "KOLLA_PROXIES": "${api.proxies}",
        "KOLLA_TRUSTED": "${host.address},${api.virtual_address},${api.trusted}",
        "KOLLA_CLIENTS_OF_A_SOURCE": "${api.connections_per_source}",
    }


def messaging_environment() -> dict[str, str]:
    """Where a service finds the brokers, whose authority is in :data:`MESSAGING_FILE`, and whether
    it tells there of what it does.
    """
    return {
        "OS_DEFAULT__TRANSPORT_URL": "rabbit://${messaging.urls}//",
        "OS_OSLO_MESSAGING_RABBIT__AMQP_DURABLE_QUEUES": "${messaging.durable_queues}",
        "OS_OSLO_MESSAGING_RABBIT__SSL": "${messaging.tls}",
        "OS_OSLO_MESSAGING_RABBIT__SSL_CA_FILE": "${messaging.tls?/etc/kolla/tls/messaging.crt:}",
        # What it does, it tells those who gather measures, where there are any. It does not wait
        # for a broker that is away.
        "OS_OSLO_MESSAGING_NOTIFICATIONS__DRIVER": "${messaging.notifications?messagingv2:noop}",
        "OS_OSLO_MESSAGING_NOTIFICATIONS__RETRY": "0",
    }


#: The authority of the broker, a file of every service with :func:`messaging_environment`.
MESSAGING_FILE = authority_file("messaging", "messaging.tls")

#: The check of a container whose command is ``kolla-worker``.
WORKER_CHECK = Check(("kolla-check-worker",))

#: The check of a service that nobody calls, whose command is ``kolla-run``.
PERIODIC_CHECK = Check(("kolla-check-periodic",))


def worker_environment(topic: str, *others: str) -> dict[str, str]:
    """The variables of a service that is called over the broker, under that topic of its own.

    ``others``: further topics of its own, whose queues go with it as well.
    """
    return {
        "KOLLA_HOST": "${host.name}",
        "KOLLA_RPC_QUEUE": f"{topic}.${{host.name}}",
        **({"KOLLA_RPC_TOPICS": " ".join(others)} if others else {}),
        "OS_DEFAULT__HOST": "${host.name}",
        "OS_DEFAULT__RPC_PING_ENABLED": "true",
        **messaging_environment(),
    }


def service_listens(service: str) -> tuple[Listen, ...]:
    """The ports of an HTTP service."""
    address, proxied = f"${{{service}.address}}", _proxied_port(service)
    return (
        Listen(address, f"${{{service}.port}}", balanced="http", proxied=proxied),
        Listen(address, f"${{{service}.plain_port}}", balanced="http"),
        Listen(address, proxied),
    )


def _proxied_port(service: str) -> str:
    return f"${{api.proxy_protocol?${{{service}.proxied_port}}:}}"


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


def optional_authority(group: str, container: str) -> File:
    """The :func:`authority_file` of an API that the cloud may do without.

    It is empty while no host runs that container with TLS.
    """
    def content(cloud: Cloud) -> str:
        speaks = any(host.value("api", "tls") for host in cloud.hosts(container))
        return f"${{file:{group}.authority}}" if speaks else ""

    return File(f"/etc/kolla/tls/{group}.crt", content=content)


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
    """The login of the service at Keystone, with which it validates tokens, and where it keeps
    those that it has validated. Its image needs python-memcached and cryptography.
    """
    return {
        **client_environment(service, "keystone_authtoken"),
        "OS_KEYSTONE_AUTHTOKEN__CAFILE": "${api.tls?/etc/kolla/tls/keystone.crt:}",
        "OS_KEYSTONE_AUTHTOKEN__SERVICE_TOKEN_ROLES_REQUIRED": "true",
        "OS_KEYSTONE_AUTHTOKEN__WWW_AUTHENTICATE_URI": "${keystone.public_url}/v3",
        "OS_KEYSTONE_AUTHTOKEN__MEMCACHED_SERVERS": "${memcached.use?${memcached.servers}:}",
        "OS_KEYSTONE_AUTHTOKEN__MEMCACHE_SECURITY_STRATEGY": "${memcached.use?ENCRYPT:None}",
        "OS_KEYSTONE_AUTHTOKEN__MEMCACHE_SECRET_KEY": "${memcached.use?${memcached.secret}:}",
        # One that is silent holds up a process for a second, and again after ten.
        "OS_KEYSTONE_AUTHTOKEN__MEMCACHE_POOL_SOCKET_TIMEOUT": "1",
        "OS_KEYSTONE_AUTHTOKEN__MEMCACHE_POOL_DEAD_RETRY": "10",
    }

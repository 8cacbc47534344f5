"""Options that OpenStack services have in common."""

import ipaddress

from oslo_config import cfg, types

from kolla.plugin import certificate_options, secret


#: From the port of a service to the one where HAProxy says who its client is.
PROXIED = 20000


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
        cfg.IPOpt(
            "virtual_address", version=4,
            help="The IPv4 address that the hosts with haproxy serve together, where users and "
            "services find all APIs. No host has it as its own. The same on all hosts.",
        ),
        cfg.StrOpt(
            "public_address", default="${api.virtual_address}",
            help="The name or address under which users of the cloud reach all services, such as "
            "that of a load balancer; of IPv6 in brackets. Each service's own if it is not set.",
        ),
        cfg.StrOpt(
            "internal_address", default="${api.virtual_address}",
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
            help="The other hosts of the cloud, as addresses or networks: like this host and the "
            "virtual address, they have no limit of failed logins or transfers.",
        ),
        cfg.BoolOpt(
            "proxy_protocol", default=False,
            help="Whether each API has one more port (proxied_port), where HAProxy of this host, "
            "or of one in trusted, says who its client is: for [haproxy] proxy_protocol.",
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


def service_urls(service: str) -> tuple[str, str]:
    """Templates of the URLs of a service without a path: the public and the internal one."""
    ends = (("api.public_tls", "api.public_address"), ("api.tls", "api.internal_address"))
    public, internal = (
        f"${{{tls}?https:http}}://${{{address}|{service}.address}}:${{{service}.port}}"
        for tls, address in ends
    )
    return public, internal


def service_options(service: str, port: int, container: str = "") -> tuple[cfg.Opt, ...]:
    """The options of an HTTP service with a database, in a group of its own.

    ``address``, ``port``, ``public_url``, ``internal_url``, ``workers`` and the others of
    :func:`http_options`, ``database_name``, ``database_user``, ``database_password`` and
    ``policy_file``. Give ``container`` if its name is not that of the service.
    """
    return (
        *http_options(service, port, container),
        cfg.StrOpt("database_name", default=service, help="Its database in MariaDB."),
        cfg.StrOpt("database_user", default=service, help="Its user in MariaDB."),
        secret("database_password", help="The password of that user."),
        cfg.StrOpt("policy_file", help="A policy.yaml on this host, instead of the defaults."),
    )


def http_options(
    service: str, port: int, container: str = "", address: str = "${host.address}"
) -> tuple[cfg.Opt, ...]:
    """The options of whatever answers HTTP; addresses fit into URLs."""
    container = container or service
    public, internal = service_urls(service)
    return (
        cfg.StrOpt("address", default=address, help="The address it listens on."),
        cfg.PortOpt("port", default=port, help="The port it listens on."),
        cfg.PortOpt(
            "plain_port",
            help="Another port of that address, without TLS, while clients still use http.",
        ),
        cfg.PortOpt(
            "proxied_port", default=port + PROXIED if port + PROXIED < 65536 else port - PROXIED,
            help="Another port of that address, with [api] proxy_protocol: HAProxy says there who "
            "its client is.",
        ),
        *certificate_options(container),
        cfg.StrOpt("public_url", default=public, help="Where users of the cloud reach it."),
        cfg.StrOpt("internal_url", default=internal, help="Where the other services reach it."),
        cfg.IntOpt("workers", default=2, min=1, help="Processes that answer requests."),
    )


def user_options(service: str) -> tuple[cfg.Opt, ...]:
    """The options of a service that has a user in Keystone: ``user`` and ``password``."""
    return (
        cfg.StrOpt("user", default=service, help="Its user in Keystone."),
        secret("password", help="The password of that user."),
    )

"""Horizon: the cloud in a browser."""

from oslo_config import cfg, types

from kolla.plugin import (
    Container, File, Image, Strategy, authority_file, certificate_files, secret, shared_folder,
)
from kolla_plugins.openstack import (
    API, AUTHORITIES, IDENTITY, http_options, optional_authority, router_environment,
    service_certificate, service_limits, service_listens,
)

OPTIONS = {
    **API,
    **IDENTITY,
    "horizon": (
        *http_options("horizon", 8088),
        secret(
            "secret_key", form="hex:32",
            help="What sessions are signed with, which browsers keep. The same on all hosts;"
            " with another one all users have to log in again.",
        ),
        cfg.ListOpt(
            "allowed_hosts", item_type=types.HostAddress(), default=[],
            help="Further names and addresses under which browsers reach Horizon, beside those in "
            "its URLs. It refuses requests for any other name.",
        ),
        cfg.IntOpt(
            "session_timeout", default=3600, min=60,
            help="Seconds without a request after which a user has to log in again; at the latest "
            "when the token of Keystone expires.",
        ),
        cfg.IntOpt(
            "failed_logins", default=120, min=1,
            help="Logins, and other forms, of one source that may fail within a minute; then it"
            " has to wait. Keystone sees them all come from this host, and does not count them.",
        ),
        cfg.BoolOpt(
            "multidomain", default=False, help="Whether the login page asks for the domain, too.",
        ),
        cfg.IntOpt(
            "hsts", default=0, min=0,
            help="Seconds for which browsers use https alone once they have seen Horizon over TLS,"
            " for all ports of its host name (HSTS). 0: browsers are told nothing.",
        ),
        cfg.StrOpt(
            "local_settings",
            help="A local_settings.py on this host with further settings of Horizon. It is run as "
            "code in the container.",
        ),
    ),
}

#: The APIs that its pages are about, as far as a cloud has them: their containers.
CLIENT_OF = {
    "cinder": "cinder-api", "glance": "glance-api", "neutron": "neutron-api",
    "nova": "nova-api", "placement": "placement-api", "swift": "swift-proxy-server",
}

HORIZON = Container(
    name="horizon",
    parent="openstack-interface",
    optional=True,
    summary="Horizon, the cloud in a browser",
    image=Image(
        "horizon",
        folder=shared_folder("docker", "horizon"),
        parent="openstack-wsgi",
        builder="openstack-builder",
        offline=True,
        per_release=True,
    ),
    user=42420,
    strategy=Strategy.HANDOVER,
    environment={
        **router_environment("horizon"), "KOLLA_FAILED_LOGINS": "${horizon.failed_logins}",
        "KOLLA_HORIZON_SECRET_KEY": "${horizon.secret_key}",
        "KOLLA_HORIZON_PUBLIC_URL": "${horizon.public_url}",
        "KOLLA_HORIZON_INTERNAL_URL": "${horizon.internal_url}",
        "KOLLA_HORIZON_ALLOWED_HOSTS": "${horizon.allowed_hosts}",
        "KOLLA_HORIZON_SESSION_TIMEOUT": "${horizon.session_timeout}",
        "KOLLA_HORIZON_MULTIDOMAIN": "${horizon.multidomain}",
        "KOLLA_HORIZON_HSTS": "${horizon.hsts}",
        "KOLLA_HORIZON_KEYSTONE_URL": "${keystone.internal_url}/v3",
        "KOLLA_HORIZON_KEYSTONE_PUBLIC_URL": "${keystone.public_url}/v3",
        "KOLLA_HORIZON_AUTHORITIES": f"${{api.tls?{AUTHORITIES}:}}",
        "KOLLA_HORIZON_REGION": "${identity.region}",
    },
    certificate=service_certificate("horizon"),
    files=(
        File("/etc/horizon/local_settings.py", option="horizon.local_settings"),
        *certificate_files("horizon", "api.tls"),
        authority_file("keystone", "api.tls"),
        *(optional_authority(group, api) for group, api in CLIENT_OF.items()),
    ),
    listens=service_listens("horizon"),
    limits=service_limits("horizon"),
    requires=("keystone",),
    options=OPTIONS,
)

"""What the containers of Octavia share: images, options, keys, where they find other services."""

import ipaddress

from oslo_config import cfg, types

from kolla.plugin import (
    File, Image, Task, Volume, authority_file, each_host, secret, shared_folder,
)
from kolla_plugins.openstack import (
    API, AUTHORITIES, IDENTITY, MESSAGING_FILE, Phases, client_environment, database_environment,
    messaging_environment, optional_authority, schema_phases, schema_task, service_options,
    teardown_task, user_options,
)

#: Of all containers but octavia-worker.
IMAGE = Image(
    "octavia",
    folder=shared_folder("docker", "octavia"),
    parent="openstack-wsgi",
    builder="openstack-builder",
    offline=True,
    per_release=True,
)

#: The same, with the disk that amphorae boot from.
AMPHORA_IMAGE = Image(
    "octavia-amphora",
    folder=shared_folder("docker", "octavia-amphora"),
    parent="octavia",
    offline=True,
    per_release=True,
)

USER = 42437


class Network(types.String):
    """An IPv4 network, or nothing."""

    def __init__(self) -> None:
        super().__init__(type_name="IPv4 network")

    def __call__(self, value: str) -> str:
        if value:
            ipaddress.IPv4Network(value)
        return value


OPTIONS = {
    **API,
    **IDENTITY,
    "octavia": (
        *service_options("octavia", 9876, container="octavia-api"),
        *user_options("octavia"),
        cfg.StrOpt(
            "management_address", default="${host.internal_address}",
            help="The address of this host at which amphorae report to octavia-health-manager.",
        ),
        cfg.Opt(
            "management_network", type=Network(), default="",
            help="The network of amphorae that kolla makes in Neutron, like 10.254.240.0/20, the"
            " same on all hosts. management_address is in its lower half, amphorae get addresses"
            " in its upper half. Empty: you name a network and an image of your own.",
        ),
        cfg.PortOpt("heartbeat_port", default=5555, help="The port (UDP) of that address."),
        each_host(
            "health_managers", "octavia-health-manager",
            "${octavia.management_address}:${octavia.heartbeat_port}",
            help="Where new amphorae report.",
        ),
        secret("heartbeat_key", help="What amphorae sign their reports with."),
        secret(
            "certificates_key", form="hex:16",
            help="What Octavia encrypts private keys with on their way to amphorae. The same on"
            " all hosts.",
        ),
        secret(
            "amphora_authority", form="certificate",
            help="The authority that signs the certificates of amphorae.",
        ),
        secret(
            "amphora_client", form="certificate",
            help="What Octavia proves its identity with to amphorae, which trust nobody else.",
        ),
    ),
}

#: What Octavia reaches Nova, Glance and Cinder with, besides its login.
CLIENTS = {
    f"OS_{group}__{name}": value
    for group in ("NOVA", "GLANCE", "CINDER")
    for name, value in {
        "ENDPOINT_TYPE": "internalURL",
        "REGION_NAME": "${identity.region}",
        "CA_CERTIFICATES_FILE": f"${{api.tls?{AUTHORITIES}:}}",
    }.items()
}

ENVIRONMENT = {
    "KOLLA_HOST": "${host.name}",
    **database_environment("octavia"),
    **messaging_environment(),
    **client_environment("octavia", "service_auth"),
    **client_environment("octavia", "neutron"),
    "OS_NEUTRON__VALID_INTERFACES": "internal",
    **CLIENTS,
    "OS_CERTIFICATES__SERVER_CERTS_KEY_PASSPHRASE": "${octavia.certificates_key}",
}

FILES = (
    File("/etc/octavia/policy.yaml", option="octavia.policy_file"),
    MESSAGING_FILE,
    authority_file("database", "database.tls"),
    *(authority_file(group, "api.tls") for group in ("glance", "keystone")),
    optional_authority("neutron", "neutron-api"),
    optional_authority("nova", "nova-api"),
    optional_authority("cinder", "cinder-api"),
)

#: In the containers that make amphorae.
CERTIFICATES = "/etc/octavia/certificates"
AUTHORITY, AUTHORITY_KEY = f"{CERTIFICATES}/authority.crt", f"{CERTIFICATES}/authority.key"
CLIENT, CLIENT_KEY = f"{CERTIFICATES}/client.crt", f"{CERTIFICATES}/client.pem"

#: What makes amphorae, and what speaks to them.
MAKER = {
    "OS_CERTIFICATES__CA_CERTIFICATE": AUTHORITY,
    "OS_CERTIFICATES__CA_PRIVATE_KEY": AUTHORITY_KEY,
    "OS_HAPROXY_AMPHORA__SERVER_CA": AUTHORITY,
    "OS_HAPROXY_AMPHORA__CLIENT_CERT": CLIENT_KEY,
    "OS_CONTROLLER_WORKER__CLIENT_CA": CLIENT,
    "OS_HEALTH_MANAGER__HEARTBEAT_KEY": "${oslo:octavia.heartbeat_key}",
    "OS_HEALTH_MANAGER__CONTROLLER_IP_PORT_LIST": "${octavia.health_managers}",
    "KOLLA_MANAGEMENT_NETWORK": "${octavia.management_network}",
}

MAKER_FILES = (
    *FILES,
    File(AUTHORITY, content="${public:octavia.amphora_authority}\n"),
    File(AUTHORITY_KEY, content="${octavia.amphora_authority}\n"),
    File(CLIENT, content="${public:octavia.amphora_client}\n"),
    File(CLIENT_KEY, content="${octavia.amphora_client}\n"),
)

#: Where drivers of other providers in the API find octavia-driver-agent, and whatever makes
#: amphorae finds what octavia-worker prepared for them.
STATE = Volume("octavia", "/var/lib/octavia", shared=True)


def amphora_task(name: str, first: bool = False) -> Task:
    """Prepares what amphorae take in other services, or removes it."""
    return Task(
        f"amphorae-{name}", ("kolla-run", "kolla-amphorae", name), first=first, timeout=1800)


#: Tells the ledger of a further container of Octavia.
JOIN_SCHEMA = schema_task("bootstrap")


class OctaviaPhases(Phases):
    """Those of Octavia's schema, and the end."""

    teardown: tuple[Task, ...]


def phases(kind: str = "", leads: bool = False) -> OctaviaPhases:
    """The phases of an upgrade, and the end, of a container with that entry in the catalog."""
    return {**schema_phases(leads=leads), "teardown": (teardown_task("octavia", kind),)}

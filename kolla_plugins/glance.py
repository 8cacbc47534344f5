"""Glance: images of virtual machines, in files on this host or in Swift."""

from oslo_config import cfg, types

from kolla.plugin import (
    Cloud, Container, File, Hold, Image, Strategy, Volume, secret, shared_folder,
)
from kolla_plugins.openstack import (
    API, AUTHORITIES, IDENTITY, MESSAGING_FILE, database_task, identity_task, login_environment,
    messaging_environment, optional_authority, schema_phases, schema_task, service_certificate,
    service_environment, service_files, service_limits, service_listens, service_options,
    teardown_task,
)

#: Who Glance is in Swift. Each image there refers to this section by its name.
ACCOUNT = """\
[swift]
auth_address = ${keystone.internal_url}/v3
user = service:${glance.user}
key = "${glance.password}"
user_domain_id = default
project_domain_id = default
"""


def swift_account(cloud: Cloud) -> str:
    """The file of Swift's accounts. Raises an operator's mistake if there is no Swift."""
    stores = {host: host.value("glance", "stores") for host in cloud.hosts("glance-api")}
    for host, named in stores.items():
        if not named:
            raise host.mistake("glance", "stores", "it names no store: name file, swift or both")
        if len({*named}) < len(named):
            raise host.mistake("glance", "stores", "it names a store twice")
    hosts = [host for host, named in stores.items() if "swift" in named]
    if hosts and not cloud.hosts("swift-proxy-server"):
        raise hosts[0].mistake(
            "glance", "stores",
            "no host has swift-proxy-server: let [host] enabled of one name it, or name no swift",
        )
    return ACCOUNT if hosts else ""


GLANCE_API = Container(
    name="glance-api",
    parent="openstack-interface",
    summary="Glance, images of virtual machines",
    image=Image(
        "glance-api",
        folder=shared_folder("docker", "glance-api"),
        parent="openstack-wsgi",
        builder="openstack-builder",
        offline=True,
        per_release=True,
        options=("glance.stores",),
    ),
    user=42415,
    strategy=Strategy.HANDOVER,
    environment={
        **service_environment("glance"),
        **messaging_environment(),
        # Nobody calls it, and it calls nobody: without notifications it needs no broker.
        "OS_DEFAULT__TRANSPORT_URL": "rabbit://${messaging.notifications?${messaging.urls}:}//",
        **login_environment("glance"),
        "KOLLA_TRANSFERS_OF_A_SOURCE": "${glance.transfers_per_source}",
        "KOLLA_STORES": "${glance.stores}",
        "OS_SWIFT__SWIFT_STORE_CACERT": f"${{api.tls?{AUTHORITIES}:}}",
        "OS_SWIFT__SWIFT_STORE_REGION": "${identity.region}",
    },
    certificate=service_certificate("glance"),
    files=(
        *service_files("glance"),
        MESSAGING_FILE,
        optional_authority("swift", "swift-proxy-server"),
        File("/etc/glance/swift.conf", content=swift_account),
    ),
    listens=service_listens("glance"),
    volumes=(Volume("glance", "/var/lib/glance"),),
    limits=service_limits("glance"),
    requires=("mariadb", "keystone"),
    hold=Hold(),
    bootstrap=(
        database_task("glance"),
        schema_task("bootstrap"),
        identity_task("glance", "image", roles="service,swiftoperator"),
    ),
    **schema_phases(),
    teardown=(teardown_task("glance", "image"),),
    # Imports outlive their request; a stop waits for them, too.
    drain=("kolla-finish",),
    stop_grace=120,
    options={
        **API,
        **IDENTITY,
        "glance": (
            *service_options("glance", 9292, container="glance-api"),
            cfg.StrOpt("user", default="glance", help="Its user in Keystone."),
            secret("password", help="The password of that user."),
            cfg.ListOpt(
                "stores", item_type=types.String(choices=["file", "swift"]), default=["file"],
                help="Where images are kept: file (on this host), swift, or both. New ones go to "
                "the first. Images in a store that is not named cannot be read.",
            ),
            cfg.IntOpt(
                "transfers_per_source", default=16, min=1,
                help="Images that one source may upload or download at a time. With 2 workers "
                "there are 24 transfers at a time for all of them together.",
            ),
        ),
    },
    # Glance's own stores, and those that the operator names in enabled_backends.
    open_groups=("os_glance_*", "file*", "store*", "swift*"),
)

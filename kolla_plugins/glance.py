"""Glance: images of virtual machines, in files on this host."""

from oslo_config import cfg

from kolla.plugin import Container, Hold, Image, Strategy, Volume, secret, shared_folder
from kolla_plugins.openstack import (
    API, IDENTITY, MESSAGING_FILE, database_task, identity_task, login_environment,
    messaging_environment, schema_phases, schema_task, service_certificate, service_environment,
    service_files, service_limits, service_listens, service_options, teardown_task,
)

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
    },
    certificate=service_certificate("glance"),
    files=(*service_files("glance"), MESSAGING_FILE),
    listens=service_listens("glance"),
    volumes=(Volume("glance", "/var/lib/glance"),),
    limits=service_limits("glance"),
    requires=("mariadb", "keystone"),
    hold=Hold(),
    bootstrap=(
        database_task("glance"),
        schema_task("bootstrap"),
        identity_task("glance", "image"),
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
            cfg.IntOpt(
                "transfers_per_source", default=16, min=1,
                help="Images that one source may upload or download at a time. With 2 workers "
                "there are 24 transfers at a time for all of them together.",
            ),
        ),
    },
    # Glance's own stores, and those that the operator names in enabled_backends.
    open_groups=("os_glance_*", "file*", "store*"),
)

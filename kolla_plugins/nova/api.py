"""What Nova answers over HTTP: its API, and what virtual machines ask about themselves."""

from kolla.plugin import Container, Hold, Strategy, certificate_files, secret
from kolla_plugins.nova.shared import (
    IMAGE, JOIN_SCHEMA, OPTIONS, USER, control_environment, nova_files, phases,
)
from kolla_plugins.openstack import (
    http_options, service_certificate, service_environment, service_limits,
    service_listens,
)

#: Of both: threads in every release.
WSGI = {"KOLLA_THREADS": "8", "OS_NOVA_DISABLE_EVENTLET_PATCHING": "true"}

#: Of Neutron's metadata agents as well.
METADATA = {
    "metadata": (
        *http_options(
            "metadata", 8775, container="metadata-service", address="${host.internal_address}",
        ),
        secret(
            "shared_secret",
            help="Neutron's metadata agents prove with it on whose behalf they ask. The same "
            "on all hosts.",
        ),
    ),
}

NOVA_API = Container(
    name="nova-api",
    parent="openstack-interface",
    optional=True,
    summary="Nova, virtual machines",
    image=IMAGE,
    project="nova",
    user=USER,
    strategy=Strategy.HANDOVER,
    environment={
        **service_environment("nova", {}),
        **control_environment(),
        **WSGI,
        "KOLLA_WSGI": "nova.wsgi.osapi_compute:application",
        "KOLLA_PRELOAD": "kolla_nova nova.api.openstack.compute.routes",
        # Without these, links would repeat the Host header of a client.
        "OS_API__COMPUTE_LINK_PREFIX": "${nova.public_url}",
        "OS_API__GLANCE_LINK_PREFIX": "${glance.public_url}",
    },
    certificate=service_certificate("nova"),
    files=(*nova_files(), *certificate_files("nova", "api.tls")),
    listens=service_listens("nova"),
    limits=service_limits("nova"),
    follows=("nova-conductor", "nova-scheduler"),
    requires=("mariadb", "rabbitmq", "keystone", "nova-conductor"),
    hold=Hold(),
    bootstrap=(JOIN_SCHEMA,),
    **phases(),
    stop_grace=120,
    options=OPTIONS,
)

METADATA_SERVICE = Container(
    name="metadata-service",
    parent="nova-controller",
    summary="Nova's metadata service, what virtual machines ask about themselves",
    image=IMAGE,
    project="nova",
    user=USER,
    strategy=Strategy.HANDOVER,
    environment={
        **service_environment("metadata", {}),
        **control_environment(),
        **WSGI,
        "KOLLA_WSGI": "nova.wsgi.metadata:application",
        "KOLLA_PRELOAD": "kolla_nova nova.api.metadata.handler",
        # Neutron's agents name the virtual machine that asks as the client.
        "KOLLA_PROXIES": "127.0.0.1,${host.address},${host.internal_address},${api.trusted}",
        "OS_NEUTRON__SERVICE_METADATA_PROXY": "true",
        "OS_NEUTRON__METADATA_PROXY_SHARED_SECRET": "${oslo:metadata.shared_secret}",
    },
    certificate=service_certificate("metadata"),
    files=(*nova_files(), *certificate_files("metadata", "api.tls")),
    listens=service_listens("metadata"),
    limits=service_limits("metadata"),
    follows=("nova-conductor",),
    requires=("mariadb", "rabbitmq", "keystone", "nova-conductor"),
    hold=Hold(),
    bootstrap=(JOIN_SCHEMA,),
    **phases(),
    options={
        **OPTIONS,
        **METADATA,
    },
)

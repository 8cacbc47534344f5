"""What controls volumes: Cinder's API, and its scheduler."""

from kolla.plugin import Container, Hold, Limits, Strategy, Volume, certificate_files
from kolla_plugins.cinder.shared import (
    ENVIRONMENT, FILES, IMAGE, JOIN_SCHEMA, OPTIONS, USER, phases,
)
from kolla_plugins.openstack import (
    WORKER_CHECK, database_task, identity_task, service_certificate,
    service_environment, service_limits, service_listens, upgrade_check, worker_environment,
)

CINDER_SCHEDULER = Container(
    name="cinder-scheduler",
    parent="cinder-controller",
    summary="cinder-scheduler, finds a backend for a volume",
    image=IMAGE,
    project="cinder",
    user=USER,
    strategy=Strategy.RELIEVE,
    command=("kolla-worker", "kolla-preload", "cinder-scheduler"),
    join=(),
    environment={
        **ENVIRONMENT,
        **worker_environment("cinder-scheduler"),
        "KOLLA_PRELOAD": "kolla_cinder cinder.scheduler.manager cinder.scheduler.filter_scheduler",
    },
    check=WORKER_CHECK,
    files=FILES,
    limits=Limits(memory="768m"),
    requires=("mariadb", "rabbitmq", "keystone"),
    bootstrap=(
        database_task("cinder"),
        JOIN_SCHEMA,
        identity_task("cinder", "block-storage", roles="admin,service", path="/v3"),
    ),
    verify=(upgrade_check("cinder-status"),),
    **phases("block-storage", leads=True),
    stop_grace=120,
    options=OPTIONS,
)

CINDER_API = Container(
    name="cinder-api",
    parent="openstack-interface",
    optional=True,
    summary="Cinder, volumes for virtual machines",
    image=IMAGE,
    project="cinder",
    user=USER,
    strategy=Strategy.HANDOVER,
    environment={
        **ENVIRONMENT,
        **service_environment("cinder", {}),
        "KOLLA_WSGI": "kolla_cinder_api:application",
        "KOLLA_PRELOAD": "kolla_cinder cinder.wsgi.wsgi cinder.api.v3.router",
    },
    certificate=service_certificate("cinder"),
    files=(*FILES, *certificate_files("cinder", "api.tls")),
    listens=service_listens("cinder"),
    # Its generations lock there.
    volumes=(Volume("cinder-api", "/var/lib/cinder"),),
    limits=service_limits("cinder"),
    follows=("cinder-scheduler", "cinder-volume", "cinder-backup"),
    requires=("mariadb", "rabbitmq", "keystone", "cinder-scheduler"),
    hold=Hold(),
    bootstrap=(JOIN_SCHEMA,),
    **phases(),
    stop_grace=120,
    options=OPTIONS,
)

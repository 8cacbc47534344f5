"""Nova's workers, which are called over the broker: nova-conductor and nova-scheduler."""

from kolla.plugin import Container, Limits, Strategy
from kolla_plugins.nova.shared import (
    IMAGE, JOIN_SCHEMA, OPTIONS, USER, control_environment, nova_files, phases,
)
from kolla_plugins.openstack import (
    WORKER_CHECK, database_task, identity_task, upgrade_check, worker_environment,
)

#: Seconds: what has begun is finished, for 180 of them at most.
STOP_GRACE = 200

NOVA_CONDUCTOR = Container(
    name="nova-conductor",
    parent="nova-controller",
    summary="nova-conductor, builds and moves virtual machines for hypervisors",
    image=IMAGE,
    project="nova",
    user=USER,
    strategy=Strategy.RELIEVE,
    command=("kolla-worker", "kolla-preload", "nova-conductor"),
    join=(),
    environment={
        **control_environment(),
        **worker_environment("conductor"),
        "KOLLA_PRELOAD": "nova.conductor.manager",
        "OS_CONDUCTOR__WORKERS": "${nova.conductor_workers}",
    },
    check=WORKER_CHECK,
    files=nova_files(),
    limits=Limits(memory="512m + 384m * ${nova.conductor_workers}"),
    requires=("mariadb", "rabbitmq", "keystone"),
    bootstrap=(
        database_task("nova", "api_database_name", "api-database"),
        database_task("nova", "cell0_database_name", "cell0-database"),
        database_task("nova"),
        JOIN_SCHEMA,
        identity_task("nova", "compute", roles="admin,service", path="/v2.1"),
    ),
    verify=(upgrade_check("nova-status"),),
    **phases(leads=True),
    stop_grace=STOP_GRACE,
    options=OPTIONS,
)

NOVA_SCHEDULER = Container(
    name="nova-scheduler",
    parent="nova-controller",
    summary="nova-scheduler, finds a hypervisor for a virtual machine",
    image=IMAGE,
    project="nova",
    user=USER,
    strategy=Strategy.RELIEVE,
    command=("kolla-worker", "kolla-preload", "nova-scheduler"),
    join=(),
    environment={
        **control_environment(),
        **worker_environment("scheduler"),
        # Not its manager: that reads intervals, and is loaded once the configuration is.
        "KOLLA_PRELOAD": "nova.scheduler.host_manager nova.scheduler.request_filter",
        "OS_SCHEDULER__WORKERS": "${nova.scheduler_workers}",
        # Seconds between two looks for hypervisors that are new.
        "OS_SCHEDULER__DISCOVER_HOSTS_IN_CELLS_INTERVAL": "5",
        # Nova would wait for up to a minute before the first time.
        "OS_DEFAULT__PERIODIC_FUZZY_DELAY": "0",
    },
    check=WORKER_CHECK,
    files=nova_files(),
    limits=Limits(memory="512m + 384m * ${nova.scheduler_workers}"),
    follows=("nova-conductor",),
    requires=("mariadb", "rabbitmq", "keystone", "nova-conductor"),
    bootstrap=(JOIN_SCHEMA,),
    **phases(),
    stop_grace=STOP_GRACE,
    options=OPTIONS,
)

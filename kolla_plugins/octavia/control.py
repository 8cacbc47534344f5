"""What controls load balancers: Octavia's API, its worker, and what watches amphorae."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from kolla.plugin import (
    Check, Container, File, Hold, Limits, Strategy, Task, certificate_files,
)
from kolla_plugins.octavia.shared import (
    AMPHORA_IMAGE, ENVIRONMENT, FILES, IMAGE, JOIN_SCHEMA, MAKER, MAKER_FILES, OPTIONS, STATE,
    USER, amphora_task, phases,
)
from kolla_plugins.openstack import (
    WORKER_CHECK, database_task, identity_task, login_environment, service_certificate,
    service_environment, service_limits, service_listens, upgrade_check, worker_environment,
)

#: Seconds in which an amphora that is being made or replaced is finished.
FINISHES = 1200

#: What amphorae take, where kolla makes it: once for all hosts, then on each.
AMPHORAE = (amphora_task("prepare", first=True), amphora_task("join"))
PHASES = phases("load-balancer", leads=True)

OCTAVIA_WORKER = Container(
    name="octavia-worker",
    parent="octavia-controller",
    summary="octavia-worker, makes and changes load balancers",
    image=AMPHORA_IMAGE,
    project="octavia",
    user=USER,
    # Two generations may work at a time: each takes requests of its own from the queue.
    strategy=Strategy.HANDOVER,
    command=(
        "kolla-octavia", "kolla-own-name", "kolla-worker", "kolla-preload", "octavia-worker",
    ),
    join=(),
    environment={
        **ENVIRONMENT,
        **MAKER,
        **worker_environment("octavia_provisioning_v2"),
        "KOLLA_MANAGEMENT_ADDRESS": "${octavia.management_address}",
        "KOLLA_DATAPATH": "${openvswitch.datapath}",
        "OS_DEFAULT__GRACEFUL_SHUTDOWN_TIMEOUT": str(FINISHES),
    },
    check=WORKER_CHECK,
    files=MAKER_FILES,
    volumes=(STATE,),
    limits=Limits(memory="1g"),
    # All but the first three where amphorae are made.
    requires=(
        "mariadb", "rabbitmq", "keystone",
        "glance-api", "nova-api", "neutron-api", "neutron-openvswitch-agent",
    ),
    bootstrap=(
        database_task("octavia"),
        JOIN_SCHEMA,
        identity_task("octavia", "load-balancer", roles="admin,service"),
        *AMPHORAE,
    ),
    verify=(amphora_task("verify"), upgrade_check("octavia-status")),
    dump=PHASES["dump"],
    expand=(*PHASES["expand"], *AMPHORAE),
    contract=PHASES["contract"],
    before_rollback=PHASES["before_rollback"],
    teardown=(amphora_task("remove"), *PHASES["teardown"]),
    stop_grace=FINISHES + 20,
    options=OPTIONS,
)


def _daemon(
    name: str, summary: str, at_work: str, environment: Mapping[str, str] = MappingProxyType({}),
    files: tuple[File, ...] = FILES, **declared: Any,
) -> Container:
    """A service that nobody calls; ``at_work``: the processes or threads that it then has."""
    return Container(
        name=name,
        parent="octavia-controller",
        summary=summary,
        image=IMAGE,
        project="octavia",
        user=USER,
        command=("kolla-octavia", "kolla-run", name),
        environment={**ENVIRONMENT, **environment},
        check=Check(("kolla-check-octavia", at_work)),
        files=files,
        volumes=(STATE,),
        limits=Limits(memory="1g"),
        follows=("octavia-worker",),
        requires=("mariadb", "rabbitmq", "keystone", "octavia-worker"),
        bootstrap=(JOIN_SCHEMA,),
        **phases(),
        options=OPTIONS,
        **declared,
    )


OCTAVIA_HEALTH_MANAGER = _daemon(
    "octavia-health-manager",
    "octavia-health-manager, hears from amphorae, and replaces those that are silent",
    # One listens, one judges.
    "processes=2",
    environment={
        **MAKER,
        "OS_HEALTH_MANAGER__BIND_IP": "${octavia.management_address}",
        "OS_HEALTH_MANAGER__BIND_PORT": "${octavia.heartbeat_port}",
    },
    files=MAKER_FILES,
    on_demand=(Task("amphorae", ("kolla-silent-amphorae",), every=300),),
    stop_grace=FINISHES,
)

OCTAVIA_HOUSEKEEPING = _daemon(
    "octavia-housekeeping",
    "octavia-housekeeping, renews certificates of amphorae, and forgets what was deleted",
    # The first one, one for each of the two.
    "threads=3",
    environment=MAKER,
    files=MAKER_FILES,
    stop_grace=300,
)

OCTAVIA_DRIVER_AGENT = _daemon(
    "octavia-driver-agent",
    "octavia-driver-agent, hears from providers of load balancers other than amphorae",
    # They listen to what is, to how much, and to questions.
    "processes=3",
)

OCTAVIA_API = Container(
    name="octavia-api",
    parent="openstack-interface",
    optional=True,
    summary="Octavia, load balancers",
    image=IMAGE,
    project="octavia",
    user=USER,
    strategy=Strategy.HANDOVER,
    environment={
        **ENVIRONMENT,
        **service_environment("octavia", {}),
        **login_environment("octavia"),
        "KOLLA_PRELOAD": "octavia.api.app",
        "OS_API_SETTINGS__API_BASE_URI": "${octavia.public_url}",
    },
    certificate=service_certificate("octavia"),
    files=(*FILES, *certificate_files("octavia", "api.tls")),
    listens=service_listens("octavia"),
    volumes=(STATE,),
    limits=service_limits("octavia"),
    follows=(
        "octavia-worker", "octavia-health-manager", "octavia-housekeeping", "octavia-driver-agent",
    ),
    requires=("mariadb", "rabbitmq", "keystone", "octavia-worker"),
    hold=Hold(),
    bootstrap=(JOIN_SCHEMA,),
    **phases(),
    options=OPTIONS,
)

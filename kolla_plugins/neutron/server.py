"""The servers of Neutron: its API, what agents call, and what happens from time to time."""

from typing import Any

from kolla.plugin import (
    Container, File, Hold, Limits, Strategy, Task, authority_file, certificate_files,
)
from kolla_plugins.neutron.common import OPTIONS, SERVER_IMAGE, USER
from kolla_plugins.openstack import (
    MESSAGING_FILE, PERIODIC_CHECK, WORKER_CHECK, client_environment, database_environment,
    database_task, identity_task, login_environment, messaging_environment, optional_authority,
    schema_phases, schema_task, service_certificate, service_environment, service_limits,
    service_listens, teardown_task, upgrade_check, worker_environment,
)

SET = "neutron-server"

#: The same in all servers: they load the same plugins.
PLUGINS = {
    "OS_DEFAULT__HOST": "${host.name}",
    "OS_DEFAULT__SERVICE_PLUGINS": "${neutron.firewall?router,firewall_v2:router}",
    "OS_ML2__TYPE_DRIVERS": "flat,vlan,vxlan",
    "OS_ML2__PROJECT_NETWORK_TYPES": "vxlan",
    # Its name in 2025.2.
    "OS_ML2__TENANT_NETWORK_TYPES": "vxlan",
    "OS_ML2__MECHANISM_DRIVERS": "openvswitch,l2population",
    "OS_ML2__EXTENSION_DRIVERS": "port_security",
    "OS_ML2_TYPE_VLAN__NETWORK_VLAN_RANGES": "${neutron.vlan_ranges}",
    "OS_ML2_TYPE_VXLAN__VNI_RANGES": "${neutron.vni_ranges}",
    "OS_DEFAULT__RPC_WORKERS": "${neutron.rpc_workers}",
    # Nobody but neutron-status asks for it.
    "OS_DEFAULT__API_WORKERS": "${neutron.workers}",
    **messaging_environment(),
}

#: With which Neutron tells Nova that a port is ready.
NOVA = {**client_environment("neutron", "nova"), "OS_NOVA__ENDPOINT_TYPE": "internal"}

FILES = (
    File("/etc/neutron/policy.yaml", option="neutron.policy_file"),
    MESSAGING_FILE,
    authority_file("database", "database.tls"),
    authority_file("keystone", "api.tls"),
    optional_authority("nova", "nova-api"),
)

NEUTRON_API = Container(
    name="neutron-api",
    parent=SET,
    project="neutron",
    summary="Neutron, networks, routers and addresses of virtual machines",
    image=SERVER_IMAGE,
    user=USER,
    strategy=Strategy.HANDOVER,
    environment={
        **service_environment("neutron"), **login_environment("neutron"), **PLUGINS, **NOVA,
    },
    certificate=service_certificate("neutron"),
    files=(*FILES, *certificate_files("neutron", "api.tls")),
    listens=service_listens("neutron"),
    limits=service_limits("neutron"),
    requires=("mariadb", "rabbitmq", "keystone"),
    hold=Hold(),
    verify=(
        upgrade_check("neutron-status"),
        Task(
            "segment-ranges", ("kolla-segment-ranges",), warning=3,
            environment={"KOLLA_DUMPS": "${engine.dump_before_upgrade}"},
        ),
    ),
    bootstrap=(
        database_task("neutron"),
        schema_task("bootstrap"),
        identity_task("neutron", "network", roles="admin,service"),
    ),
    **schema_phases(),
    teardown=(teardown_task("neutron", "network"),),
    options=OPTIONS,
)


def _worker(name: str, summary: str, memory: str, **declared: Any) -> Container:
    return Container(
        name=name,
        parent=SET,
        project="neutron",
        summary=summary,
        image=SERVER_IMAGE,
        user=USER,
        files=FILES,
        limits=Limits(memory=memory),
        follows=("neutron-api",),
        requires=("mariadb", "rabbitmq", "neutron-api"),
        bootstrap=(schema_task("bootstrap"),),
        **schema_phases(leads=False),
        teardown=(teardown_task("neutron"),),
        **declared,
    )


NEUTRON_RPC_SERVER = _worker(
    "neutron-rpc-server",
    "What the agents of Neutron call over the broker",
    memory="1g + 256m * ${neutron.rpc_workers}",
    strategy=Strategy.RELIEVE,
    command=("kolla-worker", "kolla-preload", "neutron-rpc-server"),
    join=(),
    check=WORKER_CHECK,
    environment={
        "KOLLA_PRELOAD": "neutron.plugins.ml2.plugin",
        **worker_environment("q-plugin"), **database_environment("neutron"), **PLUGINS, **NOVA,
    },
)

NEUTRON_PERIODIC_WORKERS = _worker(
    "neutron-periodic-workers",
    "What Neutron does from time to time, such as looking after agents",
    memory="1280m",
    command=("kolla-run", "neutron-periodic-workers"),
    check=PERIODIC_CHECK,
    environment={
        "KOLLA_HOST": "${host.name}", **database_environment("neutron"), **PLUGINS, **NOVA,
    },
)

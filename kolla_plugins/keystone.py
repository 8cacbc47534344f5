"""Keystone: users, projects, tokens and the catalog of services."""

from oslo_config import cfg

from kolla.plugin import Container, Hold, Image, Strategy, Task, Volume, shared_folder
from kolla_plugins.openstack import (
    API, IDENTITY, database_task, schema_phases, schema_task, service_certificate,
    service_environment, service_files, service_limits, service_listens, service_options,
    teardown_task,
)

KEYSTONE = Container(
    name="keystone",
    parent="openstack-interface",
    summary="Keystone, identity: users, projects, tokens, the service catalog",
    image=Image(
        "keystone",
        folder=shared_folder("docker", "keystone"),
        parent="openstack-wsgi",
        builder="openstack-builder",
        offline=True,
        per_release=True,
    ),
    user=42425,
    strategy=Strategy.HANDOVER,
    environment={
        **service_environment("keystone"), "KOLLA_FAILED_LOGINS": "${keystone.failed_logins}",
    },
    certificate=service_certificate("keystone"),
    files=service_files("keystone"),
    listens=service_listens("keystone"),
    volumes=(Volume("keystone", "/var/lib/keystone"),),
    limits=service_limits("keystone"),
    requires=("mariadb",),
    hold=Hold(),
    bootstrap=(
        database_task("keystone"),
        Task("fernet-keys", ("kolla-run", "keystone-manage", "fernet_setup")),
        Task("credential-keys", ("kolla-run", "keystone-manage", "credential_setup")),
        schema_task("bootstrap"),
        Task(
            "admin",
            ("kolla-run", "keystone-manage", "bootstrap"),
            environment={
                # It fails on an administrator whom a stranger has locked out.
                "OS_SECURITY_COMPLIANCE__LOCKOUT_FAILURE_ATTEMPTS": str(1 << 30),
                "OS_BOOTSTRAP_USERNAME": "${identity.admin_user}",
                "OS_BOOTSTRAP_PROJECT_NAME": "${identity.admin_project}",
                "OS_BOOTSTRAP_PASSWORD": "${identity.admin_password}",
                "OS_BOOTSTRAP_REGION_ID": "${identity.region}",
                "OS_BOOTSTRAP_SERVICE_NAME": "keystone",
                "OS_BOOTSTRAP_PUBLIC_URL": "${keystone.public_url}/v3",
                "OS_BOOTSTRAP_INTERNAL_URL": "${keystone.internal_url}/v3",
                "OS_BOOTSTRAP_ADMIN_URL": "${keystone.internal_url}/v3",
            },
        ),
    ),
    **schema_phases(),
    teardown=(teardown_task("keystone", login=False),),
    drain=("kolla-drain",),
    options={
        **API,
        **IDENTITY,
        "keystone": (
            *service_options("keystone", 5000),
            cfg.IntOpt(
                "failed_logins", default=120, min=1,
                help="Logins of one source that may fail within a minute; then it has to wait. "
                "Those that succeed are not counted.",
            ),
        ),
    },
)

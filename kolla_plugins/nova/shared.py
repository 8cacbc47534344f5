"""What the containers of Nova share: image, options, where they find other services."""

from oslo_config import cfg

from kolla.plugin import File, Image, Task, authority_file, shared_folder
from kolla_plugins.openstack import (
    API, AUTHORITIES, IDENTITY, MESSAGING_FILE, Phases, client_environment, database_environment,
    login_environment, messaging_environment, optional_authority, schema_phases, schema_task,
    service_options, teardown_task, user_options,
)

#: Of all containers of the control plane; that of the hypervisors is built on it.
IMAGE = Image(
    "nova",
    folder=shared_folder("docker", "nova"),
    parent="openstack-wsgi",
    builder="openstack-builder",
    offline=True,
    per_release=True,
)

USER = 42436

OPTIONS = {
    **API,
    **IDENTITY,
    "nova": (
        *service_options("nova", 8774, container="nova-api"),
        cfg.StrOpt(
            "api_database_name", default="nova_api",
            help="Its database of what all cells have in common.",
        ),
        cfg.StrOpt(
            "cell0_database_name", default="nova_cell0",
            help="Its database of virtual machines that were never given a hypervisor.",
        ),
        *user_options("nova"),
        cfg.IntOpt("conductor_workers", default=2, min=1, help="Processes of nova-conductor."),
        cfg.IntOpt("scheduler_workers", default=1, min=1, help="Processes of nova-scheduler."),
    ),
}

#: The first one holds the ledger.
DATABASES = {
    "OS_API_DATABASE__CONNECTION": "api_database_name",
    "OS_DATABASE__CONNECTION": "database_name",
}

#: Of cell0 only those tasks are told that make, change or dump a schema.
SCHEMA = {
    **database_environment("nova", {**DATABASES, "KOLLA_CELL0_CONNECTION": "cell0_database_name"}),
    "KOLLA_CELL0_DATABASE": "${nova.cell0_database_name}",
}

#: Services that Nova finds in the catalog by the same options, by the groups of these.
CLIENT_OF = ("glance", "keystone", "neutron", "placement")

#: The authorities of all that it is a client of.
AUTHORITY_FILES = (
    *(authority_file(group, "api.tls") for group in CLIENT_OF),
    optional_authority("cinder", "cinder-api"),
)


def nova_environment() -> dict[str, str]:
    """The variables of every service of Nova; none of them leads to a database."""
    logins = (client_environment("nova", group)
              for group in ("cinder", "neutron", "placement", "service_user"))
    return {
        "KOLLA_HOST": "${host.name}",
        "OS_DEFAULT__HOST": "${host.name}",
        "OS_DEFAULT__MY_IP": "${host.internal_address}",
        # What hypervisors of an earlier release understand; Nova's default is the latest.
        "OS_UPGRADE_LEVELS__COMPUTE": "auto",
        "OS_CINDER__CATALOG_INFO": "block-storage::internalURL",
        "OS_CINDER__OS_REGION_NAME": "${identity.region}",
        **messaging_environment(),
        **{name: value for login in logins for name, value in login.items()},
        **{f"OS_{group.upper()}__{name}": value for group in CLIENT_OF for name, value in (
            ("CAFILE", f"${{api.tls?{AUTHORITIES}:}}"),
            ("REGION_NAME", "${identity.region}"),
            ("VALID_INTERFACES", "internal"),
        )},
    }


def control_environment() -> dict[str, str]:
    """The same for those that control the cloud: they see the databases, and validate tokens."""
    return {
        **nova_environment(),
        **database_environment("nova", DATABASES),
        **login_environment("nova"),
    }


def nova_files() -> tuple[File, ...]:
    """The files of every service of Nova that controls the cloud."""
    return (
        File("/etc/nova/policy.yaml", option="nova.policy_file"),
        MESSAGING_FILE,
        authority_file("database", "database.tls"),
        *AUTHORITY_FILES,
    )


class NovaPhases(Phases):
    """Those of Nova's schema, and the end."""

    teardown: tuple[Task, ...]


def phases(leads: bool = False) -> NovaPhases:
    """The phases of an upgrade, and the end; nova-conductor, which all others follow, ``leads``.

    An earlier release starts only once the version is taken back that each service writes down.
    """
    found = schema_phases(SCHEMA, leads)
    version = Task("service-version", ("kolla-service-version",))
    teardown = teardown_task("nova", "compute" if leads else "", environment=SCHEMA)
    return {
        **found, "before_rollback": (*found["before_rollback"], version), "teardown": (teardown,),
    }


#: Tells the ledger of a further container of Nova.
JOIN_SCHEMA = schema_task("bootstrap", SCHEMA)

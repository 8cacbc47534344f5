"""What is done for an OpenStack service before it starts, around an upgrade, and at its end."""

from collections.abc import Mapping
from typing import TypedDict

from kolla.plugin import Task

NOTHING: Mapping[str, str] = {}

DATABASE_ADMINISTRATOR = {
    "KOLLA_DATABASE_ADDRESS": "${database.address}",
    "KOLLA_DATABASE_PORT": "${database.port}",
    "KOLLA_DATABASE_ROOT_PASSWORD": "${database.root_password}",
}

IDENTITY_ADMINISTRATOR = {
    "KOLLA_IDENTITY_URL": "${keystone.internal_url}/v3",
    "KOLLA_IDENTITY_REGION": "${identity.region}",
    "KOLLA_IDENTITY_USER": "${identity.admin_user}",
    "KOLLA_IDENTITY_PROJECT": "${identity.admin_project}",
    "KOLLA_IDENTITY_PASSWORD": "${identity.admin_password}",
}


def database_task(
    service: str, option: str = "database_name", name: str = "database"
) -> Task:
    """Makes a database of the service, whose name is that option, and the service's user."""
    return Task(
        name,
        ("kolla-database",),
        environment={
            **DATABASE_ADMINISTRATOR,
            "KOLLA_DATABASE_NAME": f"${{{service}.{option}}}",
            "KOLLA_DATABASE_USER": f"${{{service}.database_user}}",
            "KOLLA_DATABASE_PASSWORD": f"${{{service}.database_password}}",
        },
    )


def schema_task(phase: str, environment: Mapping[str, str] = NOTHING) -> Task:
    """One phase of the schema of the service's database; the image has the commands.

    ``environment``: what only this task is told, such as further databases.
    """
    return Task(phase, ("kolla-schema", phase), environment, timeout=4 * 3600)


class Phases(TypedDict, total=False):
    """The tasks of a schema, by the field of the container."""

    dump: tuple[Task, ...]
    expand: tuple[Task, ...]
    contract: tuple[Task, ...]
    before_rollback: tuple[Task, ...]


def schema_phases(environment: Mapping[str, str] = NOTHING, leads: bool = True) -> Phases:
    """The phases of an upgrade; ``schema_task("bootstrap")`` comes before them.

    Of several containers that share a database only the one that ``leads`` dumps it: the
    others follow it.
    """
    phases = Phases(
        expand=(schema_task("expand", environment),),
        contract=(schema_task("contract", environment),),
        before_rollback=(schema_task("before-rollback", environment),),
    )
    if leads:
        phases["dump"] = (schema_task("dump", environment),)
    return phases


def upgrade_check(command: str) -> Task:
    """What the project itself checks before an upgrade, with its ``COMMAND upgrade check``."""
    return Task("upgrade-check", ("kolla-upgrade-check", command), warning=3)


def identity_task(
    service: str, kind: str, roles: str = "service", path: str = "", place: str = ""
) -> Task:
    """Makes the service's user, catalog entry and endpoints, at that path, in Keystone.

    ``kind``: of its catalog entry; empty: it has none, and no URL. ``place``: the group of options
    with its URLs, if it is another one. Only the first host with the container does so: two at a
    time would make two of each.
    """
    place = place or service
    entry = {
        "KOLLA_SERVICE_TYPE": kind,
        "KOLLA_SERVICE_PUBLIC_URL": f"${{{place}.public_url}}{path}",
        "KOLLA_SERVICE_INTERNAL_URL": f"${{{place}.internal_url}}{path}",
    }
    return Task(
        "identity",
        ("kolla-identity",),
        environment={
            **IDENTITY_ADMINISTRATOR,
            "KOLLA_SERVICE_NAME": service,
            "KOLLA_SERVICE_USER": f"${{{service}.user}}",
            "KOLLA_SERVICE_PASSWORD": f"${{{service}.password}}",
            "KOLLA_SERVICE_ROLES": roles,
            **(entry if kind else {}),
        },
        first=True,
    )


def teardown_task(
    service: str, kind: str = "", login: bool = True, environment: Mapping[str, str] = NOTHING,
    hosts: str = "",
) -> Task:
    """Takes away what the service has elsewhere: in MariaDB, in Keystone, at the broker.

    The catalog entry (``kind``, if the container has one) goes with the last container of its
    name, databases and user with the last container of the service, on any host. No ``login``:
    the service has no user in Keystone. ``environment``: as for :func:`schema_task`. ``hosts``:
    of a service without a database, a template of the names of all hosts with the container.
    """
    keystone = {
        **IDENTITY_ADMINISTRATOR,
        "KOLLA_SERVICE_NAME": service,
        "KOLLA_SERVICE_TYPE": kind,
        "KOLLA_SERVICE_USER": f"${{{service}.user}}",
    }
    shared = {"KOLLA_SERVICE_HOSTS": hosts} if hosts else DATABASE_ADMINISTRATOR
    told = {**environment, **shared, **(keystone if login else {})}
    return Task("teardown", ("kolla-teardown",), environment=told)


#: The same for a container that has a queue at the broker and sees no database.
QUEUE_TEARDOWN = Task("teardown", ("kolla-teardown",))

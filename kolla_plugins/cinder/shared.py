"""What the containers of Cinder share: images, options, where they find other services."""

import dataclasses

from oslo_config import cfg, types

from kolla.plugin import File, Image, Task, authority_file, shared_folder
from kolla_plugins.openstack import (
    API, AUTHORITIES, IDENTITY, MESSAGING_FILE, Phases, client_environment, database_environment,
    login_environment, messaging_environment, optional_authority, schema_phases, schema_task,
    service_options, teardown_task, user_options,
)

#: Of the API and the scheduler; that of the storage is built on it.
IMAGE = Image(
    "cinder",
    folder=shared_folder("docker", "cinder"),
    parent="openstack-wsgi",
    builder="openstack-builder",
    offline=True,
    per_release=True,
)

#: The same software, with the programs that make volumes.
STORAGE_IMAGE = Image(
    "cinder-volume",
    folder=shared_folder("docker", "cinder-volume"),
    parent="cinder",
    offline=True,
    per_release=True,
)

USER = 42407

#: How the names of backends begin, so that kolla knows what has options of one.
BEGINNINGS = ("backend", "lvm", "rbd")


class Backend(types.String):
    """The name of a backend."""

    def __init__(self) -> None:
        super().__init__(type_name="name of a backend")

    def __call__(self, value: object) -> str:
        name = super().__call__(value)
        if not name.startswith(BEGINNINGS):
            raise ValueError(f"it begins with {', '.join(BEGINNINGS[:-1])} or {BEGINNINGS[-1]}")
        return name


OPTIONS = {
    **API,
    **IDENTITY,
    "cinder": (
        *service_options("cinder", 8776, container="cinder-api"),
        *user_options("cinder"),
        cfg.ListOpt(
            "backends", item_type=Backend(), default=["rbd"],
            help="Where this host keeps volumes: rbd, lvm, or names of your own that begin with"
            " backend, rbd or lvm. [cinder-volume/NAME] has the options of each.",
        ),
        cfg.StrOpt(
            "volume_group", default="cinder-volumes",
            help="The volume group (LVM) of the backend lvm. Cinder makes and removes logical"
            " volumes there, so nothing else should.",
        ),
        cfg.StrOpt(
            "target_address", default="${host.internal_address}",
            help="The address where hypervisors reach (iSCSI) the volumes of the backend lvm."
            " Whoever reaches it, reaches them.",
        ),
        cfg.StrOpt(
            "pool", default="volumes", help="The pool (Ceph) of the backend rbd.",
        ),
        cfg.StrOpt(
            "backup_folder", default="/var/lib/cinder-backup",
            help="The folder of this host where cinder-backup keeps backups, unless another"
            " driver is chosen.",
        ),
    ),
}

ENVIRONMENT = {
    "KOLLA_HOST": "${host.name}",
    "OS_DEFAULT__HOST": "${host.name}",
    "OS_DEFAULT__MY_IP": "${host.internal_address}",
    "OS_DEFAULT__ENABLED_BACKENDS": "${cinder.backends}",
    **database_environment("cinder"),
    **messaging_environment(),
    **login_environment("cinder"),
    **client_environment("cinder", "service_user"),
    **client_environment("cinder", "nova"),
    "OS_NOVA__INTERFACE": "internal",
    "OS_DEFAULT__GLANCE_CATALOG_INFO": "image:glance:internalURL",
    "OS_DEFAULT__GLANCE_CA_CERTIFICATES_FILE": f"${{api.tls?{AUTHORITIES}:}}",
}

FILES = (
    File("/etc/cinder/policy.yaml", option="cinder.policy_file"),
    MESSAGING_FILE,
    authority_file("database", "database.tls"),
    authority_file("glance", "api.tls"),
    authority_file("keystone", "api.tls"),
    optional_authority("nova", "nova-api"),
    optional_authority("swift", "swift-proxy-server"),
)


class CinderPhases(Phases):
    """Those of Cinder's schema, and the end."""

    teardown: tuple[Task, ...]


def phases(kind: str = "", leads: bool = False, through: tuple[str, ...] = ()) -> CinderPhases:
    """The phases of an upgrade, and the end, of a container with that entry in the catalog.

    cinder-scheduler, which all others follow, ``leads``. ``through``: a command that the end runs
    through.
    """
    end = teardown_task("cinder", kind)
    teardown = dataclasses.replace(end, command=(*through, *end.command))
    return {**schema_phases(leads=leads), "teardown": (teardown,)}


#: Tells the ledger of a further container of Cinder.
JOIN_SCHEMA = schema_task("bootstrap")

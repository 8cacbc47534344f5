"""A database, and any number of services that are well only while it is."""

import dataclasses

from kolla.plugin import Check, Container, ContainerSet, Volume
from kolla_synthetic import WORKER

CROWD = ContainerSet("crowd", "Services that all require one database")

DATABASE = dataclasses.replace(
    WORKER,
    name="crowd-database",
    parent="crowd",
    summary="What the others require",
    volumes=(Volume("crowd-database", "/var/lib/synthetic", shared=True),),
    check=Check(interval=3, timeout=10, retries=3, grace=5),
    bootstrap=(), dump=(), expand=(), contract=(), before_rollback=(),
)
#: The database is down while its own check is told to fail.
CHECK = """\
! grep -qs sick /var/lib/database/mood || { echo "the database does not answer"; exit 1; }
exec kolla-check
"""


def member(number: int) -> Container:
    return dataclasses.replace(
        DATABASE,
        name=f"crowd-{number}",
        summary="One that requires the database",
        volumes=(
            Volume(f"crowd-{number}", "/var/lib/synthetic"),
            Volume("crowd-database", "/var/lib/database", shared=True),
        ),
        check=dataclasses.replace(DATABASE.check, command=("bash", "-c", CHECK)),
        requires=("crowd-database",),
    )


def __getattr__(name: str) -> Container:
    """``MEMBER_7`` is the seventh."""
    if not name.startswith("MEMBER_"):
        raise AttributeError(name)
    return member(int(name.removeprefix("MEMBER_")))

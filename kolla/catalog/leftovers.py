"""Containers that still exist although no installed plugin declares them any more.

Their plugin was uninstalled, or cannot be imported. Their snapshots suffice to check, stop,
start, roll back and delete them; kolla can make no new generation of them.
"""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from kolla.plugin import Container, ContainerSet, Image
from kolla.store.records import ABSENT
from kolla.store.store import Store

if TYPE_CHECKING:
    from kolla.catalog.catalog import Catalog
    from kolla.plugin.spec import Spec

#: The set in the tree that holds them.
SET = ContainerSet("left-over", "What still exists although no plugin here declares it")


def left_over(installed: "Catalog", store: Store) -> Iterator[Container]:
    """A stand-in for each left-over container, made from its current generation."""
    for record in store.containers():
        if record.target == ABSENT or record.name in installed.containers:
            continue
        known = store.find(record.name, record.current)
        yield _stand_in(record.name, known.snapshot if known else None)


def is_left_over(container: Container) -> bool:
    return container.parent == SET.name


def _stand_in(name: str, spec: "Spec | None") -> Container:
    made = Container(name, SET.name, "its plugin is not installed", Image(name, Path()), user=0)
    if spec is None:
        return made
    return dataclasses.replace(
        made, user=spec.user, strategy=spec.strategy, volumes=spec.volumes,
        teardown=spec.tasks.get("teardown", ()),
    )

"""Containers that still exist although no installed plugin declares them any more.

Their plugin was uninstalled, or cannot be imported. What they run is in their snapshot, so
that they can be checked, stopped, started, rolled back and deleted; nothing new can be made.
"""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from kolla.plugin import Container, ContainerSet, Image
from kolla.plugin.spec import Spec
from kolla.store.records import ABSENT
from kolla.store.store import Store

if TYPE_CHECKING:
    from kolla.catalog.catalog import Catalog

#: Where they stand in the tree.
SET = ContainerSet("left-over", "What still exists although no plugin here declares it")


def left_over(installed: "Catalog", store: Store) -> Iterator[Container]:
    """A stand-in for each of them, made from its current generation."""
    for record in store.containers():
        if record.target == ABSENT or record.name in installed.containers:
            continue
        known = store.find(record.name, record.current)
        yield _stand_in(record.name, known.snapshot if known else None)


def is_left_over(container: Container) -> bool:
    return container.parent == SET.name


def _stand_in(name: str, spec: Spec | None) -> Container:
    made = Container(name, SET.name, "its plugin is not installed", Image(name, Path()), 0)
    if spec is None:
        return made
    return dataclasses.replace(made, user=spec.user, strategy=spec.strategy, volumes=spec.volumes)

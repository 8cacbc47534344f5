"""Metadata of a tree for other orchestration tools.

An exporter is a function ``export(tree, output)`` behind an entry point ``kolla.exporters``.
It writes below the folder ``output`` and returns the files it wrote, the one to begin with
first. The host is not touched, and the engine is not asked.
"""

import dataclasses
from typing import Any

from kolla.plugin.declarations.container import Container
from kolla.plugin.spec import Spec


@dataclasses.dataclass(frozen=True)
class Exported:
    """A container as the configuration wants it."""

    container: Container
    #: Its image is a name: nobody knows whether it is built.
    spec: Spec
    #: The names from the top of the tree down to it.
    path: tuple[str, ...]
    #: The Python distribution that its plugin came from.
    distribution: str


@dataclasses.dataclass(frozen=True)
class Tree:
    """What is exported, in the order of the tree."""

    host: str
    containers: tuple[Exported, ...]
    #: ``reveal(text)`` puts secrets in; ``references(text)`` tells which.
    settings: Any

    def requires(self, exported: Exported) -> list[str]:
        """The containers that have to be healthy first and are exported too."""
        here = {each.container.name for each in self.containers}
        return [name for name in exported.container.requires if name in here]

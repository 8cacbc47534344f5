"""Metadata of a tree for other orchestration tools.

An exporter is a function ``export(tree, output)`` behind an entry point ``kolla.exporters``.
It writes below the folder ``output`` and returns the files it wrote, the one to begin with
first. The host is not touched, and the engine is not asked.
"""

import dataclasses
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kolla.plugin import Container
    from kolla.spec import Spec


@dataclasses.dataclass(frozen=True)
class Exported:
    """A container as the configuration wants it."""

    container: "Container"
    #: Its image is a name: nobody knows whether it is built.
    spec: "Spec"
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


def tree(deployment, containers: "list[Container]") -> Tree:
    """The tree of these containers.

    Raises :class:`kolla.errors.KollaError` if anything in the configuration is wrong.
    """
    deployment.require_valid()
    catalog, settings = deployment.catalog, deployment.settings
    return Tree(
        settings.host,
        tuple(
            Exported(
                container, _spec(deployment, container), catalog.path(container.name),
                catalog.distribution(container.name),
            )
            for container in containers
        ),
        settings,
    )


def _spec(deployment, container: "Container") -> "Spec":
    from kolla.backends.base import ImageFacts
    from kolla.spec import build

    release = deployment.settings.value("DEFAULT", "release")
    image = deployment.reference(container, release)
    return build(
        container, deployment.settings, ImageFacts(image, image),
        release if container.image.per_release else "", "",
    )

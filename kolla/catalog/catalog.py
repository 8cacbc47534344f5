"""The tree of container sets and containers that the installed plugins form.

The catalog leaves out a broken plugin and everything that depends on it, and names it in
:attr:`Catalog.errors`; the others keep working. Of two plugins with one name it keeps the
one that comes with kolla; if neither does, it leaves out both.
"""

import collections
import copy
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kolla.catalog import declared, discovery, releases
from kolla.catalog.discovery import KOLLA, Plugin, PluginError
from kolla.catalog.leftovers import SET as LEFT_OVER
from kolla.catalog.naming import releases_of
from kolla.catalog.old_names import OldNames
from kolla.catalog.usable import KINDS, Usable
from kolla.errors import KollaError, UsageError, nearest
from kolla.plugin import Container, ContainerSet, Event, Gone, Image

if TYPE_CHECKING:
    from kolla.plugin import Tree, Written

Node = ContainerSet | Container

#: Stands for the distribution of a container that no plugin declares.
GONE = "not installed"


class Catalog:
    """All sets, containers and images. Mappings are by name, in alphabetical order.

    ``root`` stands above the sets without a parent and is itself not in ``sets``.
    ``options`` are all registered options, kolla's own and the plugins', by group and
    by the name they have in a file.
    """

    root = ContainerSet("all", "Everything that is installed")

    def __init__(self, plugins: Iterable[Plugin], errors: Iterable[PluginError] = ()):
        usable = Usable(plugins, errors, self.root.name)
        self.errors, self.options, accepted = usable.errors, usable.options, usable.plugins
        self._distributions = {declared.key(p): p.distribution for p in accepted}
        self.sets: dict[str, ContainerSet] = declared.things(accepted, ContainerSet)
        self.containers: dict[str, Container] = declared.things(accepted, Container)
        self.projects = declared.projects(self.containers.values())
        self.images: dict[str, Image] = declared.all_images(accepted)
        self.old_names = OldNames(
            [*self.sets.values(), *self.containers.values()], declared.things(accepted, Gone)
        )
        self.release_order = releases.of(self.images.values())
        self._children: dict[str, list[Node]] = collections.defaultdict(list)
        nodes: list[Node] = [*self.sets.values(), *self.containers.values()]
        for node in nodes:
            self._children[node.parent or self.root.name].append(node)

    @classmethod
    def load(cls) -> "Catalog":
        """Import every set, container and image that is installed."""
        found = [discovery.load(namespace) for namespace in KINDS]
        return cls(
            [plugin for plugins, _ in found for plugin in plugins],
            [error for _, errors in found for error in errors],
        )

    def including(self, containers: Iterable[Container]) -> "Catalog":
        """This catalog plus left-over containers, in a set of their own."""
        found = sorted(containers, key=lambda container: container.name)
        if not found:
            return self
        more = copy.copy(self)
        more.sets = {**self.sets, LEFT_OVER.name: LEFT_OVER}
        more.containers = {**self.containers, **{each.name: each for each in found}}
        more._children = {
            **self._children, LEFT_OVER.name: [*found],
            self.root.name: [*self.children(self.root), LEFT_OVER],
        }
        more._distributions = self._distributions | {
            ("node", name): GONE for name in [LEFT_OVER.name, *(each.name for each in found)]
        }
        return more

    # The tree

    def children(self, node: Node) -> list[Node]:
        """The sets and containers directly below a set; a container has none."""
        return self._children.get(node.name, []) if isinstance(node, ContainerSet) else []

    def subtree(self, node: Node) -> list[Container]:
        """The containers at and below a node, in the order of the tree."""
        if isinstance(node, Container):
            return [node]
        return [leaf for child in self.children(node) for leaf in self.subtree(child)]

    def ordinary(self, node: Node) -> list[Container]:
        """The containers that run where a node is named: all but what is optional below it."""
        if isinstance(node, Container):
            return [node]
        below = (child for child in self.children(node) if not child.optional)
        return [leaf for child in below for leaf in self.ordinary(child)]

    def required(self, name: str) -> set[str]:
        """All containers that one requires, directly or not; empty if it is not declared."""
        return self._reached(name, lambda container: container.requires)

    def followed(self, name: str) -> set[str]:
        """All containers that one follows, directly or not."""
        return self._reached(name, lambda container: container.follows)

    def followers(self, name: str) -> set[str]:
        """All containers that follow one, directly or not."""
        return {other for other in self.containers if name in self.followed(other)}

    def before(self, name: str) -> set[str]:
        """All containers whose turn in an upgrade comes before that of one."""
        return self._reached(name, lambda container: (*container.requires, *container.follows))

    def _reached(
        self, name: str, following: Callable[[Container], Iterable[str]]
    ) -> set[str]:
        found: set[str] = set()
        waiting = [name]
        while waiting:
            declared = self.containers.get(waiting.pop())
            new = set(following(declared)) - found if declared else set()
            found |= new
            waiting += new
        return found

    def of_service(self, name: str) -> list[Container]:
        """Those that a group ``[<name>/DEFAULT]`` is about: one, or all of a project.

        Empty if nothing has that name.
        """
        one = self.containers.get(name)
        return [one] if one else self.projects.get(name, [])

    def path(self, name: str) -> tuple[str, ...]:
        """The names from the top of the tree down to a set or container."""
        node = self.node(name)
        return (*(self.path(node.parent) if node.parent else ()), name)

    @property
    def nodes(self) -> dict[str, Node]:
        """All sets and containers, and the root."""
        return {self.root.name: self.root, **self.sets, **self.containers}

    def today(self, name: str) -> str:
        """The name of today of a set or container; that of none is itself."""
        return name if name in self.nodes else self.old_names.today(name)

    def node(self, name: str) -> Node:
        """The set or container of that name; UsageError names the nearest if there is none."""
        known: dict[str, Node] = {**self.sets, **self.containers}
        if name not in known:
            raise UsageError(
                self.old_names.none_such("container set or container", name, known),
                "`kolla set tree --all` shows all of them",
            )
        return known[name]

    def container(self, name: str) -> Container:
        """The container of that name; UsageError names the nearest if there is none."""
        if name not in self.containers:
            raise UsageError(
                self.old_names.none_such("container", name, self.containers),
                "`kolla container list --all` shows all of them",
            )
        return self.containers[name]

    def distribution(self, name: str) -> str:
        """The name of the Python distribution that declares a set, container or image."""
        for kind in ("node", "image"):
            if (kind, name) in self._distributions:
                return self._distributions[kind, name]
        return next(
            self.distribution(container.name)
            for container in self.containers.values()
            if container.image.name == name
        )

    def releases(self) -> list[str]:
        """The releases that an image has pins for."""
        return sorted({each for image in self.images.values() for each in releases_of(image)})

    # Backends, hooks and exporters: imported on demand

    def backends(self) -> list[str]:
        return discovery.names("kolla.backends")

    def hooks(self) -> list[str]:
        return discovery.names("kolla.hooks")

    def exporters(self) -> list[str]:
        return discovery.names("kolla.exporters")

    def backend(self, name: str) -> Any:
        """The class of a backend; KollaError if it is unknown or broken."""
        return _driver("kolla.backends", "backend", name)

    def hook(self, name: str) -> Callable[[Event], None]:
        """The function of a hook; KollaError if it is unknown or broken."""
        return _driver("kolla.hooks", "hook", name)

    def exporter(self, name: str) -> "Callable[[Tree, Path], Iterable[Written]]":
        """The function of an exporter; UsageError if it is unknown, KollaError if broken."""
        return _driver("kolla.exporters", "exporter", name, UsageError)


def _driver(
    namespace: str, what: str, name: str, unknown: type[KollaError] = KollaError
) -> Any:
    """The object of an entry point; KollaError if it is broken, ``unknown`` if there is none."""
    plugins, errors = discovery.load(namespace, only=name)
    if errors:
        raise KollaError(str(errors[0]))
    if not plugins:
        known = discovery.names(namespace)
        raise unknown(
            f"there is no {what} {name!r}{nearest(name, known)}",
            f"available: {', '.join(known)}",
        )
    return min(plugins, key=lambda plugin: plugin.distribution != KOLLA).thing

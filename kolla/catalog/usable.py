"""Which of the installed plugins can be used, and why the others cannot."""

import collections
from collections.abc import Iterable, Iterator

from kolla.catalog import declared, field_types, options, relations, releases, soundness
from kolla.catalog.discovery import KOLLA, Plugin, PluginError
from kolla.catalog.leftovers import SET as LEFT_OVER
from kolla.plugin import Container, ContainerSet, Gone, Image

KINDS: dict[str, type[ContainerSet | Container | Image | Gone]] = {
    "kolla.container_sets": ContainerSet,
    "kolla.containers": Container,
    "kolla.images": Image,
    "kolla.gone": Gone,
}


class Usable:
    """The plugins that can be used, with all options; ``errors`` names the others.

    ``root`` is the name of the whole tree, which no set may have.
    """

    def __init__(self, plugins: Iterable[Plugin], errors: Iterable[PluginError], root: str):
        self.errors = list(errors)
        self.options: declared.Options = {}
        self._root = root
        self.plugins = self._complete(self._with_unique_names(self._of_right_type(plugins)))

    def _drop(self, plugin: Plugin, message: str) -> None:
        self.errors.append(
            PluginError(plugin.namespace, plugin.name, plugin.distribution, message)
        )

    def _of_right_type(self, plugins: Iterable[Plugin]) -> Iterator[Plugin]:
        for plugin in plugins:
            kind = KINDS[plugin.namespace]
            if not isinstance(plugin.thing, kind):
                found = type(plugin.thing).__name__
                self._drop(plugin, f"should be a kolla.plugin.{kind.__name__}, is a {found}")
            elif wrong := field_types.misdeclared(plugin.thing):
                self._drop(plugin, wrong)
            elif wrong := soundness.unsound(plugin.thing):
                self._drop(plugin, wrong)
            elif plugin.thing.name != plugin.name:
                self._drop(plugin, f"declares another name than its entry point: "
                                   f"{plugin.thing.name!r}")
            elif plugin.name == self._root and kind is ContainerSet:
                self._drop(plugin, f"{plugin.name!r} is the name of the whole tree")
            elif plugin.name == LEFT_OVER.name and kind is not Image:
                self._drop(plugin, f"{plugin.name!r} is the set of what no plugin declares")
            else:
                yield plugin

    def _with_unique_names(self, plugins: Iterable[Plugin]) -> list[Plugin]:
        rivals = collections.defaultdict(list)
        for plugin in plugins:
            rivals[declared.key(plugin)].append(plugin)
        winners = []
        for same in rivals.values():
            own = [plugin for plugin in same if plugin.distribution == KOLLA]
            kept = same if len(same) == 1 else own[:1] if len(own) == 1 else []
            winners += kept
            for plugin in same:
                if plugin not in kept:
                    others = ", ".join(repr(p.distribution) for p in same if p is not plugin)
                    self._drop(plugin, f"has the same name as a plugin of {others}")
        return sorted(winners, key=lambda plugin: (plugin.distribution != KOLLA, plugin.name))

    def _complete(self, plugins: list[Plugin]) -> list[Plugin]:
        """Leave out plugins that lack something they depend on, until nothing changes."""
        everything = plugins
        while True:
            broken = relations.flaws(plugins, everything)
            if not broken:
                order = releases.of(declared.all_images(plugins).values())
                own = options.by_group(order.default)
                self.options, broken = declared.merge_options(own, plugins)
            if not broken:
                return plugins
            for plugin in plugins:
                if declared.key(plugin) in broken:
                    self._drop(plugin, broken[declared.key(plugin)])
            plugins = [plugin for plugin in plugins if declared.key(plugin) not in broken]

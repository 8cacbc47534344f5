"""What makes a plugin unusable although it could be imported."""

import dataclasses
import functools
import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from oslo_config import cfg

from kolla.catalog.discovery import Plugin
from kolla.errors import nearest
from kolla.plugin import Container, ContainerSet, Image

#: What the lowest image is built on; it has no folder.
FOUNDATION = "debian"
#: Options by group and by the name they have in a file.
Options = dict[str, dict[str, cfg.Opt]]


def key(plugin: Plugin) -> tuple[str, str]:
    """Sets and containers share their names; images have their own."""
    return ("image" if isinstance(plugin.thing, Image) else "node", plugin.name)


def things(plugins: Iterable[Plugin], kind: type) -> dict:
    """The declarations of one kind, by name, in alphabetical order."""
    found = {p.name: p.thing for p in plugins if isinstance(p.thing, kind)}
    return dict(sorted(found.items()))


def all_images(plugins: Sequence[Plugin]) -> dict[str, Image]:
    """The images that are plugins themselves, and those of the containers."""
    images = things(plugins, Image)
    for plugin in plugins:
        if isinstance(plugin.thing, Container):
            images.setdefault(plugin.thing.image.name, plugin.thing.image)
    return dict(sorted(images.items()))


_hints = functools.cache(typing.get_type_hints)


def misdeclared(thing: Any) -> str:
    """A field whose value is not of the type that the public API declares, or nothing."""
    for name, hint in _hints(type(thing)).items():
        value = getattr(thing, name)
        if not _fits(value, hint):
            expected = getattr(hint, "__name__", str(hint))
            return f"its {name!r} should be of type {expected}, but is {value!r:.80}"
    return ""


def _fits(value: Any, hint: Any) -> bool:
    kind, inner = typing.get_origin(hint), typing.get_args(hint)
    if kind is types.UnionType:
        return any(_fits(value, option) for option in inner)
    if kind is tuple:
        return isinstance(value, tuple) and all(_fits(item, inner[0]) for item in value)
    if kind is Mapping:
        return isinstance(value, Mapping) and all(
            _fits(key, inner[0]) and _fits(item, inner[1]) for key, item in value.items()
        )
    return isinstance(value, hint) and not (dataclasses.is_dataclass(value) and misdeclared(value))


def flaws(plugins: Sequence[Plugin], declared: Sequence[Plugin]) -> dict[tuple[str, str], str]:
    """What is wrong with the plugins, by key.

    ``declared`` are all that there were before any was left out: whoever needs one of
    them, and finds it gone, is told so.
    """
    relations = _Relations(plugins, declared)
    found = {key(plugin): relations.flaw(plugin.thing) for plugin in plugins}
    return {name: message for name, message in found.items() if message}


class _Relations:
    """Who hangs on whom."""

    def __init__(self, plugins: Sequence[Plugin], declared: Sequence[Plugin]):
        self.declared = {key(plugin) for plugin in declared}
        self.sets = things(plugins, ContainerSet)
        self.containers = things(plugins, Container)
        self.images = all_images(plugins)
        self.parents = {name: _some(node.parent) for name, node in self.sets.items()}
        self.requires = {name: node.requires for name, node in self.containers.items()}
        self.bases = {
            name: tuple(b for b in (image.parent, image.builder) if b not in (None, FOUNDATION))
            for name, image in self.images.items()
        }

    def flaw(self, thing: ContainerSet | Container | Image) -> str:
        match thing:
            case ContainerSet():
                return _cycle(thing.name, self.parents, "is below itself") or self._lacks(
                    "its parent", self.parents[thing.name], self.sets)
            case Image():
                return self._flaw_of_image(thing, "")
        return (
            self._lacks("its parent", (thing.parent,), self.sets)
            or self._lacks("the container it requires,", thing.requires, self.containers)
            or _cycle(thing.name, self.requires, "requires itself")
            or self._flaw_of_image(thing.image, "its image ")
        )

    def _flaw_of_image(self, image: Image, what: str) -> str:
        if self.images[image.name] != image:
            return f"its image {image.name!r} is declared differently elsewhere"
        bases = self.bases[image.name]
        return _cycle(image.name, self.bases, f"{what}is built on itself") or self._lacks(
            "the image that its image is built on," if what else "the image it is built on,",
            bases, self.images, "image")

    def _lacks(
        self, what: str, names: Sequence[str], known: Mapping, kind: str = "node"
    ) -> str:
        for name in names:
            if name not in known:
                gone = (kind, name) in self.declared
                end = "cannot be used" if gone else f"does not exist{nearest(name, known)}"
                return f"{what} {name!r} {end}"
        return ""


def merge_options(own: Options, plugins: Iterable[Plugin]) -> tuple[Options, dict]:
    """All options, and the flaws of containers that define one of them differently.

    Several containers may register the same option, as long as they agree on it.
    """
    merged = {group: dict(opts) for group, opts in own.items()}
    conflicts: dict[tuple[str, str], str] = {}
    for plugin in plugins:
        if not isinstance(plugin.thing, Container):
            continue
        for group, opts in plugin.thing.options.items():
            for opt in opts:
                known = merged.setdefault(group, {}).setdefault(opt.dest, opt)
                if known != opt:
                    conflicts[key(plugin)] = (
                        f"its option [{group}] {opt.dest} is already defined differently"
                    )
    return merged, conflicts


def _some(name: str | None) -> tuple[str, ...]:
    return (name,) if name else ()


def _cycle(name: str, edges: Mapping[str, Sequence[str]], verdict: str) -> str:
    """The verdict, if a way along the edges leads from the name back to it."""
    trails, seen = [[name]], set()
    while trails:
        trail = trails.pop()
        for following in edges.get(trail[-1], ()):
            if following == name:
                return f"{verdict}: {' -> '.join([*trail, name])}"
            if following not in seen:
                seen.add(following)
                trails.append([*trail, following])
    return ""

"""What the accepted plugins declare, by kind and name."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from oslo_config import cfg

from kolla.catalog.discovery import Plugin
from kolla.plugin import Container, Gone, Image

Thing = TypeVar("Thing")
Key = TypeVar("Key", int, str)
#: Options by group and by their name in a file.
Options = dict[str, dict[str, cfg.Opt]]


def key(plugin: Plugin) -> tuple[str, str]:
    """The key of a declaration: sets and containers share their names, others do not."""
    kinds = {Image: "image", Gone: "gone"}
    return kinds.get(type(plugin.thing), "node"), plugin.name


def things(plugins: Iterable[Plugin], kind: type[Thing]) -> dict[str, Thing]:
    """The declarations of one kind, by name, in alphabetical order."""
    found = {p.name: p.thing for p in plugins if isinstance(p.thing, kind)}
    return dict(sorted(found.items()))


def grouped(pairs: Iterable[tuple[Key, Container]]) -> dict[Key, list[Container]]:
    """Containers by what they have in common with others."""
    found: dict[Key, list[Container]] = {}
    for shared, container in pairs:
        found.setdefault(shared, []).append(container)
    return found


def projects(containers: Iterable[Container]) -> dict[str, list[Container]]:
    """The containers of each project, by its name."""
    return grouped((each.project, each) for each in containers if each.project)


def all_images(plugins: Sequence[Plugin]) -> dict[str, Image]:
    """The images that are plugins themselves, and those of the containers."""
    images = things(plugins, Image)
    for plugin in plugins:
        if isinstance(plugin.thing, Container):
            images.setdefault(plugin.thing.image.name, plugin.thing.image)
    return dict(sorted(images.items()))


def images_in_order(plugins: Iterable[Plugin]) -> Iterator[Image]:
    """Each image that a plugin declares, in the order of the plugins."""
    for plugin in plugins:
        if isinstance(plugin.thing, Image):
            yield plugin.thing
        elif isinstance(plugin.thing, Container):
            yield plugin.thing.image


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
                if known is not opt and known != opt:
                    conflicts[key(plugin)] = (
                        f"its option [{group}] {opt.dest} is already defined differently"
                    )
    return merged, conflicts

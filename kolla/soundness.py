"""What makes a plugin unusable although it could be imported."""

from collections.abc import Iterable, Mapping, Sequence

from oslo_config import cfg

from kolla.discovery import Plugin
from kolla.names import nearest
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


def flaws(plugins: Sequence[Plugin], declared: Sequence[Plugin]) -> dict[tuple[str, str], str]:
    """What is wrong with the plugins, by key.

    ``declared`` are all that there were before any was left out: whoever needs one of
    them, and finds it gone, is told so.
    """
    sets, containers = things(plugins, ContainerSet), things(plugins, Container)
    images = all_images(plugins)
    declared_names = {key(plugin) for plugin in declared}
    parents = {name: [node.parent] if node.parent else [] for name, node in sets.items()}
    requirements = {name: list(c.requires) for name, c in containers.items()}
    bases = {
        name: [] if image.parent in (None, FOUNDATION) else [image.parent]
        for name, image in images.items()
    }

    def lacking(kind: str, what: str, name: str, known: Mapping) -> str:
        if name in known:
            return ""
        if (kind, name) in declared_names:
            return f"{what} {name!r} cannot be used"
        return f"{what} {name!r} does not exist{nearest(name, known)}"

    def flaw(plugin: Plugin) -> str:
        thing = plugin.thing
        if isinstance(thing, Image):
            return (_cycle(thing.name, bases, "is built on itself")
                    or _first(lacking("image", "its parent", name, images)
                              for name in bases[thing.name]))
        if isinstance(thing, ContainerSet):
            return (_cycle(thing.name, parents, "is below itself")
                    or _first(lacking("node", "its parent", name, sets)
                              for name in parents[thing.name]))
        return (
            lacking("node", "its parent", thing.parent, sets)
            or _first(lacking("node", "the container it requires,", name, containers)
                      for name in thing.requires)
            or _cycle(thing.name, requirements, "requires itself")
            or _other_image(thing.image, images)
            or _cycle(thing.image.name, bases, "its image is built on itself")
            or _first(lacking("image", "the parent of its image,", name, images)
                      for name in bases[thing.image.name])
        )

    found = {key(plugin): flaw(plugin) for plugin in plugins}
    return {name: message for name, message in found.items() if message}


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


def _first(messages: Iterable[str]) -> str:
    return next(filter(None, messages), "")


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


def _other_image(image: Image, images: Mapping[str, Image]) -> str:
    if images[image.name] == image:
        return ""
    return f"its image {image.name!r} is declared differently elsewhere"

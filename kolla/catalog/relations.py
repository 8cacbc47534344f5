"""Whether the declarations of plugins fit together."""

from collections.abc import Iterable, Mapping, Sequence

from kolla.catalog import old_names, releases
from kolla.catalog.declared import all_images, grouped, images_in_order, key, projects, things
from kolla.catalog.discovery import KOLLA, Plugin
from kolla.catalog.naming import ROOT, SUITE
from kolla.errors import nearest
from kolla.plugin import Container, ContainerSet, Gone, Image
from kolla.plugin.declarations.container import PHASES
from kolla.plugin.declarations.hosts import EachHost


def flaws(plugins: Sequence[Plugin], declared: Sequence[Plugin]) -> dict[tuple[str, str], str]:
    """The flaws of plugins, by key.

    ``declared`` holds all declarations before any was left out: a plugin that needs one which
    was left out is told so.
    """
    relations = _Relations(plugins, declared)
    found = {key(plugin): relations.flaw(plugin.thing) for plugin in plugins}
    return {name: message for name, message in found.items() if message}


class _Relations:
    """The dependencies between declarations."""

    def __init__(self, plugins: Sequence[Plugin], declared: Sequence[Plugin]):
        self.declared = {key(plugin) for plugin in declared}
        own = [plugin for plugin in plugins if plugin.distribution == KOLLA]
        self.own = {plugin.name for plugin in own if not isinstance(plugin.thing, Gone)}
        self.own_gone = things(own, Gone)
        self.sets = things(plugins, ContainerSet)
        self.containers = things(plugins, Container)
        self.distributions = {p.name: p.distribution for p in plugins
                              if isinstance(p.thing, Container)}
        self.projects = projects(self.containers.values())
        # A comparison of all with all takes long.
        self.users = grouped((node.user, node) for node in self.containers.values())
        self.volumes = grouped((volume.name, node) for node in self.containers.values()
                               for volume in node.volumes)
        self.images = all_images(plugins)
        self.order = releases.of(images_in_order(plugins))
        self.parents = {name: _some(node.parent) for name, node in self.sets.items()}
        self.requires = {name: node.requires for name, node in self.containers.items()}
        self.follows = {name: node.follows for name, node in self.containers.items()}
        self.turns = {name: (*node.requires, *node.follows)
                      for name, node in self.containers.items()}
        self.bases = {
            name: tuple(b for b in (image.parent, image.builder) if b not in (None, ROOT))
            if not image.reference else ()
            for name, image in self.images.items()
        }

    def flaw(self, thing: ContainerSet | Container | Image | Gone) -> str:
        match thing:
            case Gone():
                return self._misnamed(thing)
            case ContainerSet():
                return _cycle(thing.name, self.parents, "is below itself") or self._lacks(
                    "its parent", self.parents[thing.name], self.sets) or self._misnamed(thing)
            case Image():
                return self._flaw_of_image(thing, "")
        return (
            self._lacks("its parent", (thing.parent,), self.sets)
            or self._lacks("the container it requires,", thing.requires, self.containers)
            or self._lacks("the container it follows,", thing.follows, self.containers)
            or self._lacks("the container in whose place a task of it runs,", _places(thing),
                           self.containers)
            or self._lacks("the container that its option describes on each host,",
                           _described(thing), self.containers)
            or _cycle(thing.name, self.requires, "requires itself")
            or _cycle(thing.name, self.follows, "follows itself")
            or _cycle(thing.name, self.turns, "requires and follows in a circle")
            or self._follows_without_releases(thing)
            or self._of_strange_releases(thing)
            or self._misnamed(thing)
            or self._misfits_its_project(thing)
            or self._shares_a_volume(thing)
            or self._shares_a_user(thing)
            or self._flaw_of_image(thing.image, "its image ")
        )

    def _follows_without_releases(self, container: Container) -> str:
        for node in (container, *(self.containers[name] for name in container.follows)):
            if container.follows and not node.image.per_release:
                return (f"it follows {', '.join(container.follows)}, and the image of {node.name} "
                        "is not built per release")
        return ""

    def _of_strange_releases(self, container: Container) -> str:
        if container.releases and not container.image.per_release:
            return "its 'releases' are named, and its image is not built per release"
        for release in container.releases:
            if release not in self.order.order:
                return (f"its 'releases' name {release!r}, which is no release of "
                        f"{self.order.name}{nearest(release, self.order.order)}")
        return ""

    def _misnamed(self, thing: ContainerSet | Container | Gone) -> str:
        own = self.own_gone if isinstance(thing, Gone) else self.own
        nodes: list[ContainerSet | Container] = [*self.sets.values(), *self.containers.values()]
        return old_names.flaw(thing, (
            node for node in nodes
            if node is not thing and (thing.name not in own or node.name in self.own)
        ))

    def _misfits_its_project(self, container: Container) -> str:
        """A group ``[nova/DEFAULT]`` and an upgrade of ``nova`` mean one thing only."""
        namesake = self.containers.get(container.project)
        if namesake and (namesake is container or self._rivals(container, [namesake])):
            return f"its project {container.project!r} has the name of a container"
        members = [other.name for other in self.projects.get(container.name, ())]
        if members and container.name not in self.own:
            return f"its name is that of a project, of {', '.join(members)}"
        per_release = container.image.per_release
        rivals = self._rivals(container, self.projects.get(container.project, ()))
        others = [other.name for other in rivals if other.image.per_release != per_release]
        if not others:
            return ""
        ours, theirs = ("is", "are not") if per_release else ("is not", "are")
        return (f"its project {container.project!r} is also that of {', '.join(others)}, whose "
                f"images {theirs} built per release, and its own {ours}")

    def _rivals(self, container: Container, among: Iterable[Container]) -> list[Container]:
        """Those that it has to agree with: of a third party and kolla, the third party has to."""
        return [
            other for other in among if other is not container
            and (container.name not in self.own or other.name in self.own)
        ]

    def _shares_a_volume(self, container: Container) -> str:
        """Two containers that write to one volume have to say so, both of them."""
        for volume in container.volumes:
            others = [
                other.name for other in self._rivals(container, self.volumes[volume.name])
                if any(volume.name == theirs.name and not (volume.shared and theirs.shared)
                       for theirs in other.volumes)
            ]
            if others:
                return (f"its volume {volume.name!r} is also one of {', '.join(others)}: if that "
                        "is meant, all of them declare it as shared")
        return ""

    def _shares_a_user(self, container: Container) -> str:
        """What one user owns is open to everything that runs as that user."""
        if container.user == 0 or container.name in self.own:
            return ""
        for other in self._rivals(container, self.users[container.user]):
            theirs = self.distributions[other.name]
            if (theirs != self.distributions[container.name]
                    and not _belong_together(container, other)):
                return (f"its user {container.user} is also that of {other.name}, of distribution "
                        f"{theirs!r}: choose another number; if it is meant, both name one "
                        "project, one image or one shared volume")
        return ""

    def _flaw_of_image(self, image: Image, what: str) -> str:
        if self.images[image.name] != image:
            return f"its image {image.name!r} is declared differently elsewhere"
        if image.releases not in (None, self.order):
            return f"its releases are those of {image.releases.name}, and not of {self.order.name}"
        bases = self.bases[image.name]
        for name in bases:
            if name in self.images and self.images[name].suite != image.suite:
                suites = [each.suite or SUITE for each in (image, self.images[name])]
                return (f"its image {image.name!r} contains Debian {suites[0]}, and {name!r}, on "
                        f"which it is built, {suites[1]}: both declare one 'suite'")
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


def _belong_together(one: Container, other: Container) -> bool:
    """Whether their declarations say that they share files."""
    shared = [{volume.name for volume in each.volumes if volume.shared} for each in (one, other)]
    return (one.project == other.project != "" or one.image.name == other.image.name
            or not shared[0].isdisjoint(shared[1]))


def _described(container: Container) -> tuple[str, ...]:
    """The containers whose hosts its options describe."""
    return tuple(opt.container for opts in container.options.values() for opt in opts
                 if isinstance(opt, EachHost))


def _places(container: Container) -> tuple[str, ...]:
    """The containers that its tasks name in ``of``."""
    return tuple(
        task.of for phase in PHASES for task in getattr(container, phase) if task.of
    )


def _some(name: str | None) -> tuple[str, ...]:
    return (name,) if name else ()


def _cycle(name: str, edges: Mapping[str, Sequence[str]], verdict: str) -> str:
    """The verdict if the edges lead from a name back to itself, else empty."""
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

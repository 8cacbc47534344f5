"""What containers want of their host that cannot be: paths, names and sizes from templates."""

import itertools
from collections.abc import Iterator

from kolla.catalog import forms
from kolla.errors import KollaError
from kolla.plugin import Container
from kolla.settings.checks.blame import blame
from kolla.settings.loader import Settings
from kolla.settings.problems import Problem


def templates(container: Container) -> Iterator[tuple[str, forms.Form, str]]:
    """What each is of, the form of its value, and the template."""
    for mount in container.host_mounts:
        yield f"the source of its mount {mount.path}", forms.MOUNTED, mount.source
    for volume in container.volumes:
        yield f"the name of its volume {volume.path}", forms.VOLUME, volume.name
    for scratch in container.scratch:
        yield f"the size of its scratch space {scratch.path}", forms.SIZE, scratch.size
    for item in container.privileges:
        if form := forms.PRIVILEGES.get(item.kind):
            yield f"its privilege {item.kind}", form, item.value
    for need in container.needs:
        yield f"its need {need.kind}", forms.NEEDS[need.kind], need.value


def misformed(settings: Settings) -> Iterator[Problem]:
    """Values that the engine or the kernel would not take."""
    for container in settings.enabled():
        for what, form, template in templates(container):
            value = _rendered(settings, template)
            if value is None:
                continue  # reported as a malformed template or a wrong value
            if names := settings.references(value):
                message = f"{what} of {container.name} takes in the secret {names[0]}"
                yield settings.blame_plugin(container, message)
            elif wrong := forms.misfit(f"{what} of {container.name}", form, value):
                yield blame(settings, container, template, wrong)


def volumes_of_two(settings: Settings) -> Iterator[Problem]:
    """Volumes of one name whose containers do not declare that they share them."""
    named = [
        (container, volume, name)
        for container in settings.enabled() for volume in container.volumes
        if (name := _rendered(settings, volume.name))
    ]
    for (one, ours, name), (other, theirs, twin) in itertools.combinations(named, 2):
        if one is not other and name == twin and not (ours.shared and theirs.shared):
            yield blame(settings, other, theirs.name, f"the volume {name} of {other.name} is also"
                        f" one of {one.name}, and they do not both declare it as shared")


def contradictory_sysctls(settings: Settings) -> Iterator[Problem]:
    """Switches of the kernel that two containers want in two ways."""
    wanted: dict[str, tuple[Container, str]] = {}
    for container in settings.enabled():
        for need in container.needs:
            value = need.kind == "sysctl" and _rendered(settings, need.value)
            if not value:
                continue
            name = value.partition("=")[0]
            first, before = wanted.setdefault(name, (container, value))
            if before.split() != value.split():
                yield blame(settings, container, need.value, f"{container.name} needs {value} of"
                            f" this host, and {first.name} {before}")


def _rendered(settings: Settings, template: str) -> str | None:
    try:
        return settings.render(template)
    except KollaError:
        return None

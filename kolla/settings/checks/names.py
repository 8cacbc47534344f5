"""Unknown names in the configuration."""

import dataclasses
import os
from collections.abc import Callable, Collection, Iterator

from kolla.catalog import releases
from kolla.catalog.naming import SUITES
from kolla.errors import KollaError, nearest
from kolla.settings import limits, passwords, services
from kolla.settings.loader import Settings
from kolla.settings.problems import Invalid, Problem
from kolla.settings.sources import normal_group, variable_of


def unknown_groups(settings: Settings) -> Iterator[Problem]:
    return (problem for problem in _groups(settings) if not _is_generated(settings, problem))


def forgotten_secrets(settings: Settings) -> Iterator[Problem]:
    """Passwords of a plugin that is no longer installed; they do no harm."""
    for problem in [*_groups(settings), *_options(settings)]:
        if _is_generated(settings, problem):
            message = f"{problem.message}; kept in case its plugin comes back, else remove it"
            yield dataclasses.replace(problem, message=message)


def _is_generated(settings: Settings, problem: Problem) -> bool:
    return problem.file == str(passwords.path_in(settings.config_dir))


def _groups(settings: Settings) -> Iterator[Problem]:
    for file in settings.sources.files:
        for section, line in file.sections:
            if message := _unknown_group(settings, section):
                yield Problem(str(file.path), line, message)


def _unknown_group(settings: Settings, section: str) -> str:
    owner, part = services.split(section)
    catalog, groups = settings.catalog, settings.options_by_file_name
    if "/" not in section:
        if normal_group(section) in groups:
            return ""
        if section in catalog.old_names:
            what = catalog.old_names.none_such("container", section, ())
            return f"there is no group [{section}], and {what}"
        return f"there is no group [{section}]{nearest(section, groups)}"
    if not catalog.of_service(owner):
        known = [*catalog.containers, *catalog.projects]
        return f"[{section}]: {catalog.old_names.none_such('container or project', owner, known)}"
    return "" if part else f"[{section}]: the section of the service's configuration is missing"


def unknown_options(settings: Settings) -> Iterator[Problem]:
    return (problem for problem in _options(settings) if not _is_generated(settings, problem))


def _options(settings: Settings) -> Iterator[Problem]:
    for item in settings.sources.assignments():
        names = settings.options_by_file_name.get(normal_group(item.group))
        if names is not None and item.option not in names:
            near = nearest(item.option, names)
            yield item.problem(f"[{item.group}] has no option {item.option!r}{near}")


def unknown_variables(settings: Settings) -> Iterator[Problem]:
    """Environment variables for a group of kolla; others belong to other programs."""
    for group, opts in settings.options.items():
        known = {variable_of(group, name) for name in opts}
        for name in sorted(os.environ):
            if name.startswith(variable_of(group, "")) and name not in known:
                message = f"[{group}] has no such option{nearest(name, known)}"
                yield Problem(f"environment {name}", None, message)


def unknown_nodes(settings: Settings) -> Iterator[Problem]:
    catalog = settings.catalog
    known = {*catalog.nodes, *(old for old in catalog.old_names if catalog.today(old) != old)}
    for option in ("enabled", "disabled"):
        yield from _unknown(settings, "host", option, known, "container set or container")


def old_names(settings: Settings) -> Iterator[Problem]:
    """Names that sets and containers had once: they do no harm."""
    for option in ("enabled", "disabled"):
        for name in settings.value("host", option):
            if settings.catalog.today(name) != name:
                yield settings.blame("host", option, settings.catalog.old_names.renamed(name))


def unknown_containers(settings: Settings) -> Iterator[Problem]:
    for option in ("interval", "timeout", "retries", "grace"):
        yield from _unknown(
            settings, "monitor", option, settings.catalog.containers, "container"
        )
    for option in limits.NAMES:
        yield from _unknown(
            settings, "limits", option, {limits.ALL, *settings.catalog.containers}, "container"
        )


def unknown_suites(settings: Settings) -> Iterator[Problem]:
    yield from _unknown(settings, "images", "base_images", SUITES, "release of Debian")


def unknown_release(settings: Settings) -> Iterator[Problem]:
    """A release that cannot exist, or that no image can be built for."""
    release, known = settings.value("DEFAULT", "release"), settings.catalog.releases()
    try:
        releases.require(settings.catalog.release_order, release)
    except KollaError as error:
        yield settings.blame("DEFAULT", "release", f"{error.message}; {error.hint}")
        return
    if known and release not in known:
        message = f"no image can be built for {release}, only for {', '.join(known)}"
        yield settings.blame("DEFAULT", "release", message)


def unknown_drivers(settings: Settings) -> Iterator[Problem]:
    yield from _unknown(settings, "backend", "driver", settings.catalog.backends(), "backend")
    yield from _unknown(settings, "hooks", "enabled", settings.catalog.hooks(), "hook")


def broken_drivers(settings: Settings) -> Iterator[Problem]:
    """Backends and hooks that cannot be imported."""
    catalog = settings.catalog
    wanted: list[tuple[str, str, list[str], Callable[[str], object]]] = [
        ("backend", "driver", catalog.backends(), catalog.backend),
        ("hooks", "enabled", catalog.hooks(), catalog.hook),
    ]
    for group, option, known, load in wanted:
        value = settings.value(group, option)
        for name in [value] if isinstance(value, str) else value:
            try:
                if name in known:
                    load(name)
            except KollaError as error:
                yield settings.blame(group, option, error.message)


def _unknown(
    settings: Settings, group: str, option: str, known: Collection[str], what: str
) -> Iterator[Problem]:
    try:
        value = settings.value(group, option)
    except Invalid:
        return  # reported as a wrong value
    for name in [value] if isinstance(value, str) else value:
        if name not in known:
            message = settings.catalog.old_names.none_such(what, name, known)
            yield settings.blame(group, option, message)


def host_name(settings: Settings) -> Iterator[Problem]:
    """The file of a host is chosen by the name of the host and cannot change it."""
    name = settings.value("host", "name")
    if name != settings.host and settings.sources.files[-1].path.parent.name == "hosts":
        yield settings.blame("host", "name", f"{name!r} in the file of the host {settings.host!r}")

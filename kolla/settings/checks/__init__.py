"""The checks of the settings of a host."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from kolla.plugin import Container
from kolla.settings.checks import (
    files, hosts, images, limits, logs, names, network, places, services, values,
)
from kolla.settings.loader import Settings
from kolla.settings.problems import Invalid, Problem

#: An unknown name may belong to a broken plugin.
_OF_NAMES = [names.unknown_groups, names.unknown_nodes, names.unknown_containers,
             names.unknown_release]
_MISTAKES = [
    names.unknown_options, names.unknown_variables, names.unknown_drivers, names.unknown_suites,
    names.host_name, values.wrong,
]


def _on_other_hosts(settings: Settings) -> Iterator[Problem]:
    return hosts.others(settings, [*_OF_NAMES, *_MISTAKES])


_OTHERS = [
    _on_other_hosts, *_MISTAKES, values.missing, hosts.nowhere,
    files.exposed_secrets, files.missing, files.hook_command, files.malformed_templates,
    images.unpinned, limits.too_little_memory, logs.unknown_driver, logs.unknown_options,
    network.unusable_places, network.ports_used_twice, network.endpoint, network.interface,
    places.misformed, places.volumes_of_two, places.contradictory_sysctls,
]


def all_problems(settings: Settings) -> list[Problem]:
    """The problems of the options of kolla and of plugins, in the order of the files."""
    return _run([*_OF_NAMES, *_OTHERS, names.broken_drivers], settings)


def obstacles(settings: Settings) -> list[Problem]:
    """The problems that keep kolla from acting: a broken plugin must not stop the others."""
    return _run(_OTHERS if settings.catalog.errors else [*_OF_NAMES, *_OTHERS], settings)


def notes(settings: Settings) -> list[Problem]:
    """Warnings: they keep nothing from working."""
    return _run([names.forgotten_secrets, names.old_names, values.missing_secrets], settings)


def mistakes(settings: Settings) -> list[Problem]:
    """The obstacles that the same files would have on every host."""
    return _run(_MISTAKES if settings.catalog.errors else [*_OF_NAMES, *_MISTAKES], settings)


def of_service(
    settings: Settings, container: Container, known: Mapping | None
) -> list[Problem]:
    """The problems of the options of one service, by the option list of its image."""
    return _sorted(services.problems(settings, container, known))


def _run(checks: Iterable[Callable], settings: Settings) -> list[Problem]:
    return _sorted(problem for check in checks for problem in _results(check, settings))


def _results(check: Callable, settings: Settings) -> Iterator[Problem]:
    try:
        yield from check(settings)
    except Invalid as error:
        yield from error.problems


def _sorted(found: Iterable[Problem]) -> list[Problem]:
    return sorted(dict.fromkeys(found), key=lambda problem: (problem.file, problem.line or 0))

"""Everything that can be wrong with the settings of a host, and where."""

from collections.abc import Iterator

from kolla.settings.checks import files, names, network, services, values
from kolla.settings.problems import Invalid, Problem

_CHECKS = [
    names.unknown_options, names.unknown_variables, names.unknown_drivers, names.host_name,
    values.wrong, values.missing,
    files.exposed_secrets, files.missing, files.malformed_templates,
    network.foreign_addresses, network.ports_used_twice, network.interface,
]


def problems(settings) -> list[Problem]:
    """What is wrong with the options of kolla and of the plugins.

    While plugins are broken, a name that nobody knows may be theirs: it is no problem
    then beside the broken plugin, which :attr:`Catalog.errors` has.
    """
    checks = [*_CHECKS] if settings.catalog.errors else [names.unknown_groups, *_CHECKS,
                                                         names.unknown_nodes]
    found = [problem for check in checks for problem in _run(check, settings)]
    return list(dict.fromkeys(found))


def _run(check, settings) -> Iterator[Problem]:
    try:
        yield from check(settings)
    except Invalid as error:
        yield from error.problems


of_service = services.problems

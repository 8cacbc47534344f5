"""Checks options of services against the list in the service's image."""

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase

from oslo_config import cfg, types

from kolla.errors import nearest
from kolla.plugin import Container
from kolla.settings import services, values
from kolla.settings.problems import Problem
from kolla.settings.services import ServiceOption

#: Types by their name in an option list, and how oslo.config makes them.
_TYPES = {
    "integer": lambda facts: types.Integer(facts.get("min"), facts.get("max")),
    "float": lambda facts: types.Float(facts.get("min"), facts.get("max")),
    "boolean": lambda facts: types.Boolean(),
    "list": lambda facts: types.List(),
    "dict": lambda facts: types.Dict(),
    "string": lambda facts: types.String(choices=facts.get("choices") or None),
}


def problems(settings, container: Container, known: Mapping | None) -> Iterator[Problem]:
    """The problems of ``[<container>/<section>]``; none if there is no list."""
    strange = set()
    for (section, option), given in settings.service_options(container).items():
        if not known or section in strange:
            continue
        options = services.find(known, section)
        if options is None:
            if not any(fnmatchcase(section, pattern) for pattern in container.open_groups):
                strange.add(section)
                message = f"the service has no group {section!r}{nearest(section, known)}"
                yield _problem(container, section, "", given, message)
        elif (facts := services.find(options, option)) is None:
            message = f"the service has no such option{nearest(option, options)}"
            yield _problem(container, section, option, given, message)
        elif message := _flaw(option, facts, given):
            yield _problem(container, section, option, given, message)


def _flaw(option: str, facts: Mapping, given: ServiceOption) -> str:
    if len(given.values) > 1 and not facts.get("multi"):
        return f"is given {len(given.values)} times, but takes one value"
    kind = _TYPES.get(facts.get("type"), _TYPES["string"])(facts)
    for text in given.values:
        if "$" not in text:  # the service has yet to replace the dollar sign
            opt = cfg.Opt(option, type=kind, secret=services.is_secret(option, text, facts))
            if flaw := values.flaw(opt, text):
                return flaw
    return ""


def _problem(
    container: Container, section: str, option: str, given: ServiceOption, message: str
) -> Problem:
    place = f"[{container.name}/{section}] {option}".rstrip()
    return Problem(given.file, given.line, f"{place}: {message}")

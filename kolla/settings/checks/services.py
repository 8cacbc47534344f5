"""Checks options of services against the list in the service's image."""

from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase

from oslo_config import cfg, types

from kolla.errors import nearest
from kolla.plugin import Container
from kolla.settings import services, values
from kolla.settings.loader import Settings
from kolla.settings.problems import Problem
from kolla.settings.services import ServiceOption

#: Types by their name in an option list, and how oslo.config makes them.
_TYPES: dict[str, Callable[[Mapping], types.ConfigType]] = {
    "integer": lambda facts: types.Integer(facts.get("min"), facts.get("max")),
    "float": lambda facts: types.Float(facts.get("min"), facts.get("max")),
    "boolean": lambda facts: types.Boolean(),
    "list": lambda facts: types.List(),
    "dict": lambda facts: types.Dict(),
    "string": lambda facts: types.String(choices=facts.get("choices") or None),
}


def problems(settings: Settings, container: Container, known: Mapping | None) -> Iterator[Problem]:
    """The problems of ``[<container>/<section>]``; none if there is no list.

    An option of a project is right if any of its containers has it.
    """
    strange = set()
    for (section, option), given in settings.service_options(container).items():
        lists = [known or {}]
        if given.owner != container.name:
            lists += settings.lists(given.owner)
        if not all(lists) or (given.owner, section) in strange:
            continue
        groups = [group for known in lists if (group := services.find(known, section)) is not None]
        if not groups:
            if not any(fnmatchcase(section, pattern) for pattern in container.open_groups):
                strange.add((given.owner, section))
                near = nearest(section, {name for known in lists for name in known})
                yield _problem(section, "", given, f"the service has no group {section!r}{near}")
            continue
        found = [facts for group in groups if (facts := services.find(group, option)) is not None]
        if not found:
            near = nearest(option, {name for group in groups for name in group})
            yield _problem(section, option, given, f"the service has no such option{near}")
        elif message := _flaw(option, found[0], given):
            yield _problem(section, option, given, message)


def _flaw(option: str, facts: Mapping, given: ServiceOption) -> str:
    if len(given.values) > 1 and not facts.get("multi"):
        return f"is set {len(given.values)} times, but takes one value"
    kind = _TYPES.get(facts.get("type", ""), _TYPES["string"])(facts)
    for text in given.values:
        if "$" not in text:  # the service has yet to replace the dollar sign
            opt = cfg.Opt(option, type=kind, secret=services.is_secret(option, text, facts))
            if flaw := values.flaw(opt, text):
                return flaw
    return ""


def _problem(section: str, option: str, given: ServiceOption, message: str) -> Problem:
    place = f"[{given.owner}/{section}] {option}".rstrip()
    return Problem(given.file, given.line, f"{place}: {message}")

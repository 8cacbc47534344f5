"""Options of the services themselves, such as ``[glance-api/DEFAULT]``, passed on unchanged.

Those of a project, ``[nova/DEFAULT]``, are options of all its containers.
"""

import re
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from kolla.settings import templates
from kolla.settings.sources import COMMAND_LINE, Origin, Sources

#: Names of options whose value kolla neither stores nor prints, besides those that the service
#: itself marks. Masking one too many costs nothing: the service gets the same value.
_SECRET_NAME = re.compile(
    r"(?!max_)(.*[_.-])?(pass(word|wd|phrase|code)?|key|(secret|token)(_id)?|credential"
    r"|auth_str|backend_argument|replication_device|root_secret_.+)s?"
)
_SWITCH = re.compile("true|false", re.IGNORECASE)
_NUMBER = re.compile(r"[-+]?[0-9]+(\.[0-9]*)?")
_SECRET_URL = re.compile(r"://[^/?#\s]*:[^@/]+@")


class ServiceOption(NamedTuple):
    """An option of a service; it has several values if a file repeats it."""

    #: What stands before the slash: a container, or the project of some.
    owner: str
    values: tuple[str, ...]
    file: str
    line: int | None

    @property
    def text(self) -> str:
        return "\n".join(self.values)


def split(group: str) -> tuple[str, str]:
    """``glance-api/DEFAULT`` -> owner and section; a group of kolla has no section."""
    owner, _, section = group.partition("/")
    return owner, section


def collect(sources: Sources) -> dict[str, dict[tuple[str, str], ServiceOption]]:
    """The options of services by owner; the last file wins."""
    found: dict[str, dict[tuple[str, str], ServiceOption]] = {}

    def put(origin: Origin) -> None:
        owner, section = split(origin.group)
        if section:
            option = ServiceOption(owner, origin.values, origin.source, origin.line)
            found.setdefault(owner, {})[section, origin.option] = option

    for file in [*sources.files, *sources.parts]:
        for item in file.assignments:
            put(file.find(item.group, item.option) or item)
    for key, value in sources.overrides.items():
        group, _, option = key.partition(".")
        put(Origin(group, option, (value,), COMMAND_LINE))
    return found


def reference(owner: str, section: str, option: str) -> str:
    """The reference to a secret option of a service in a template."""
    return f"{owner}/{section}.{option}"


def find(known: Mapping, name: str) -> Any:
    """The entry of an option list for a name, or for a pattern that matches it."""
    if name in known:
        return known[name]
    return next((known[key] for key in known if fnmatchcase(name, key)), None)


def is_secret(option: str, text: str, facts: Mapping | None = None) -> bool:
    """Whether the value of a service's option must not be stored or printed.

    ``facts`` is the entry of the option in the service's list, as far as it is known.
    """
    facts = facts or {}
    literal_part = templates.REFERENCE.sub("", text)
    if facts.get("secret"):
        return bool(literal_part)
    if facts.get("type") in ("integer", "float") and _NUMBER.fullmatch(literal_part):
        return False
    by_name = _SECRET_NAME.fullmatch(option.lower()) and not _SWITCH.fullmatch(literal_part)
    return bool(by_name and literal_part or _SECRET_URL.search(literal_part))


def environment(
    options: dict[tuple[str, str], ServiceOption],
    is_known: Callable[[str], bool],
    hides: Callable[[str, str, str, str], bool],
) -> dict[str, str]:
    """The variables (templates) that carry a service's options.

    ``hides`` says whether a value (owner, section, option, text) is a secret.
    ``${group.option}`` stands for an option of kolla.conf if there is one of that name; the
    service gets any other dollar sign.
    """
    variables = {}
    for (section, option), given in options.items():
        if hides(given.owner, section, option, given.text):
            text = "${" + reference(given.owner, section, option) + "}"
        else:
            text = literal(given.text, is_known)
        variables[f"OS_{section.upper()}__{option.upper()}"] = text
    return variables


def literal(text: str, is_known: Callable[[str], bool]) -> str:
    """Escape all dollar signs except in references to options of kolla.conf."""
    parts, end = [], 0
    for match in templates.REFERENCE.finditer(text):
        if is_known(match["name"]):
            parts += [templates.escape(text[end:match.start()]), match[0]]
            end = match.end()
    return "".join([*parts, templates.escape(text[end:])])

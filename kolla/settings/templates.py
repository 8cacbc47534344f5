"""``${group.option}``, ``${url:group.option}``, ``${oslo:group.option}`` and ``$$`` in texts.

``${public:group.option}`` is the public half of an ssh key, or of a key with its certificate.
``${file:group.option}`` is the content of the file that an option names, a secret;
``${group.option?yes:no}`` is one of two texts, as a boolean option says, with references in it;
``${group.option|group.option}`` is the first of two options that is not empty.
"""

import re
import string
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from kolla.plugin.forms import public_half

#: The mask that is printed instead of a secret.
MASK = "********"

#: How a value is quoted, by the word before the colon.
_QUOTES = {
    "url": lambda text: urllib.parse.quote(text, safe=""),
    # Not "$$": oslo.config reads "\$" as a dollar sign first.
    "oslo": lambda text: text.replace("$", r"\$"),
    "public": public_half,
}
#: The prefix that refers to the content of the file that an option names.
FILE = "file:"
#: Each of the two texts may hold references.
_CHOICE = re.compile(
    r"\$\$|\$\{(?P<name>[^${}?:\s]+)\?"
    r"(?P<yes>(?:[^${}:]|\$\{[^${}]*\})*):(?P<no>(?:[^${}]|\$\{[^${}]*\})*)\}"
)
#: Two options, of which the second counts where the first is empty.
_EITHER = re.compile(r"\$\$|\$\{(?P<one>[^${}?:|\s]+)\|(?P<other>[^${}?:|\s]+)\}")
REFERENCE = re.compile(r"\$\{(?:(?P<quote>url|oslo|public):)?(?P<name>[^${}\s]+)\}")


class Template(string.Template):
    """A template whose references have braces; a lone dollar sign is an error."""

    idpattern = r"(?!)"
    braceidpattern = r"[^${}\s]+"


class _Lookup(Mapping[str, str]):
    """A mapping that :meth:`string.Template.substitute` asks for values."""

    def __init__(self, value: Callable[[str], str | None], encode: Callable[[str], str] = str):
        self.value = value
        self.encode = encode

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __getitem__(self, inside: str) -> str:
        reference = "${" + inside + "}"
        found = REFERENCE.fullmatch(reference)
        if found is None:
            raise KeyError(inside)
        text = self.value(found["name"])
        if text is None:
            return reference
        return self.encode(_QUOTES[found["quote"]](text) if found["quote"] else text)


def escape(text: str) -> str:
    """The template that renders to exactly this text."""
    return text.replace("$", "$$")


def substitute(template: str, value: Callable[[str], str]) -> str:
    """Fill in all values, and ``$`` for ``$$``. ValueError if the template is malformed."""
    return Template(template).substitute(_Lookup(value))


def decided(template: str, value: Callable[[str], str]) -> str:
    """The template with every ``${group.option?yes:no}`` replaced by one of its two texts."""
    def chosen(match: re.Match) -> str:
        if not match["name"]:
            return match[0]  # "$$"
        return match["yes" if value(match["name"]) == "true" else "no"]

    return _CHOICE.sub(chosen, template)


def either(
    template: str, value: Callable[[str], str], encode: Callable[[str], str] = str
) -> str:
    """The template with every ``${group.option|group.option}`` replaced by the first value that
    is not empty.
    """
    def chosen(match: re.Match) -> str:
        if not match["one"]:
            return match[0]  # "$$"
        return encode(value(match["one"]) or value(match["other"]))

    return _EITHER.sub(chosen, template)


def partly(template: str, value: Callable[[str], str | None]) -> str:
    """Fill in the values that ``value`` knows (not None); the result is a template again."""
    escaped_once_more = template.replace("$$", "$$$$")
    return Template(escaped_once_more).substitute(_Lookup(value, escape))


def references(template: str) -> list[str]:
    """The options that a template refers to, as ``group.option``, in order."""
    return list(dict.fromkeys(match["name"] for match in REFERENCE.finditer(
        template.replace("$$", "")
    )))


def masked(template: str) -> str:
    """The text for people: a mask stands for every reference that is left in it."""
    return Template(template).substitute({
        name: MASK for name in Template(template).get_identifiers()
    })


def as_text(value: Any) -> str:
    """An option's value as a file has it; empty for None."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case list() | tuple():
            return ",".join(map(as_text, value))
        case dict():
            return ",".join(f"{key}:{as_text(item)}" for key, item in value.items())
    return str(value)

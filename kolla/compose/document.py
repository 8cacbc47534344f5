"""Compose files as people like to read them: in order, with comments, and signed.

The first line holds a digest of all others, which tells a file that was edited from one that
is as it was written.
"""

import dataclasses
import hashlib
import itertools
import json
import re
import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from kolla.compose.service import volumes

SIGNATURE = "# kolla: sha256:"
#: What every reader of YAML, of 1.1 or 1.2, takes for the string it looks like.
_PLAIN = re.compile(r"(?!(?i:true|false|yes|no|on|off|null|y|n|nan|inf)$)[A-Za-z/][\w./@=+-]*")


@dataclasses.dataclass(frozen=True)
class Entry:
    """A service and what is said about it."""

    name: str
    service: Mapping
    #: The names from the top of the tree down to the container.
    path: tuple[str, ...]
    #: Where the entry stands among those of its container.
    order: int = 0
    comments: tuple[str, ...] = ()


def render(entries: Iterable[Entry], about: str, external: bool = True) -> str:
    """A whole compose file; ``about`` is the text at its top.

    ``external``: volumes are there before, and ``down -v`` by hand does not delete them.
    """
    ordered = sorted(entries, key=lambda entry: (entry.path, entry.order, entry.name))
    parts = [_comment(about), "services:\n" if ordered else "services: {}\n"]
    for path, group in itertools.groupby(ordered, lambda entry: entry.path[:-1]):
        parts.append(f"\n  # ---- {' / '.join(path)}\n")
        parts += [_block(entry) for entry in group]
    mounted = volumes([dict(entry.service) for entry in ordered], external)
    if mounted:
        parts += ["\n", _yaml(mounted)]
    return signed("".join(parts))


def signed(text: str) -> str:
    return f"{SIGNATURE}{hashlib.sha256(text.encode()).hexdigest()}\n{text}"


def untouched(text: str) -> bool:
    """Whether a file is as it was written."""
    return text == signed(text.partition("\n")[2])


def plain_json(value: Any) -> bytes:
    """JSON that readers of YAML read alike: they know no pairs of surrogates, which
    stand for what is beyond 16 bits, and want control characters escaped.
    """
    text = json.dumps(value, ensure_ascii=False)
    return re.sub(r"[\x7f-\uffff]", lambda found: f"\\u{ord(found[0]):04x}", text).encode()


def _block(entry: Entry) -> str:
    text = _comment("\n".join(entry.comments)) + _yaml({entry.name: dict(entry.service)})
    return "\n" + textwrap.indent(text, "  ")


def _comment(text: str) -> str:
    return "".join(f"# {line}".rstrip() + "\n" for line in text.splitlines())


class _Dumper(yaml.SafeDumper):  # type: ignore[misc]  # PyYAML has no types
    """In quotes unless no reader can be mistaken: compose's takes ``1e3`` for a number."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        return super().increase_indent(flow, False)


def _string(dumper: yaml.Dumper, text: str) -> yaml.Node:
    style = None if _PLAIN.fullmatch(text) else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _string)


def _yaml(value: dict) -> str:
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True,
                     width=float("inf"))

"""Environment files that compose reads back exactly as they were meant.

The two lines of compose have different readers. Nearly every value is written in a way that
both read alike; where that is impossible, the file is for one of them.
"""

import re
from collections.abc import Mapping


def text(variables: Mapping[str, str], classic: bool = False) -> str:
    """One variable after the other; ``classic`` is for docker-compose 1."""
    quote = _for_classic if classic else _for_compose
    return "".join(f"{name}={quote(value)}\n" for name, value in sorted(variables.items()))


def misread(variables: Mapping[str, str]) -> list[str]:
    """The variables whose value docker-compose 1 misreads in a file for compose 2."""
    return [name for name, value in sorted(variables.items())
            if _for_classic(value) != _for_compose(value)]


def _for_compose(value: str) -> str:
    """In single quotes; in double quotes where a backslash would take away the last one."""
    if not re.search(r"\\(?:'|$)", value):
        return _single(value)
    return '"' + re.sub(r'([\\"$])', r"\\\1", value) + '"'


def _for_classic(value: str) -> str:
    """It replaces ``${…}`` even in single quotes, and knows no escape for that. But it takes
    the default of a variable without a name, which here is a dollar sign, or nothing.
    """
    value = value.replace("${", "${:-$}{")
    return _single(re.sub(r"\\(?=[\\']|$)", r"\\${:-}", value))


def _single(value: str) -> str:
    return "'" + value.replace("'", r"\'") + "'"

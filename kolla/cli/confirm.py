"""Asks before something is destroyed."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kolla.errors import KollaError, UsageError

if TYPE_CHECKING:
    from kolla.cli.main import Kolla


def confirm(
    app: "Kolla", what: str, otherwise: str, preview: str, consequence: str = "",
    words: Sequence[str] = (),
) -> None:
    """Ask on the terminal whether to do something, such as "delete keystone".

    ``preview`` says how to see what it would do, ``consequence`` what else is affected. The
    answer is "y", or these ``words`` where nothing brings back what is lost. Raises KollaError
    with the text ``otherwise`` if the answer is no, and UsageError if there is no terminal.
    """
    if not sys.stdin.isatty():
        raise UsageError(
            f"without confirmation kolla does not {what}", f"--yes confirms it; {preview}"
        )
    question = " ".join(filter(None, (f"{what[0].upper()}{what[1:]}?", consequence)))
    expected = " ".join(words)
    asked = f"Type {expected!r} to confirm:" if expected else "[y/N]"
    print(f"{question} {asked} ", end="", file=app.stderr, flush=True)
    answer = sys.stdin.readline().strip()
    if answer != expected if expected else answer.lower() not in ("y", "yes"):
        raise KollaError(otherwise)

"""Asks before something is destroyed."""

import sys
from typing import TYPE_CHECKING

from kolla.errors import KollaError, UsageError

if TYPE_CHECKING:
    from kolla.cli.main import Kolla


def confirm(app: "Kolla", what: str, otherwise: str) -> None:
    """Ask on the terminal whether to go on.

    Raises KollaError with the text ``otherwise`` if the answer is no, and UsageError if there
    is no terminal.
    """
    if not sys.stdin.isatty():
        raise UsageError(
            f"this {what}", "say --yes if that is meant; --dry-run shows the plan"
        )
    print(f"This {what}. Go on? [y/N] ", end="", file=app.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise KollaError(otherwise)

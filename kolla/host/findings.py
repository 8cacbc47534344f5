"""What was found out about this host, and what to do about it."""

import dataclasses
import enum


class State(enum.StrEnum):
    """How a finding is to be taken."""

    OK = "ok"
    #: It works without, less well.
    WARNING = "warning"
    #: It does not work without.
    MISSING = "missing"


@dataclasses.dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    subject: str
    state: State
    found: str
    #: What to do about it; empty if nothing is to be done.
    advice: str = ""

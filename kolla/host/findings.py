"""Findings about this host, and the advice that goes with them."""

import dataclasses
import enum


class State(enum.StrEnum):
    """How serious a finding is."""

    OK = "ok"
    #: kolla works without it, but less well.
    WARNING = "warning"
    #: kolla does not work without it.
    MISSING = "missing"


@dataclasses.dataclass(frozen=True)
class Finding:
    """The result of one check."""

    subject: str
    state: State
    found: str
    #: What an operator can do about it; empty if there is nothing to do.
    advice: str = ""

"""What may be done to the schema of a database that several containers share. No I/O.

They may run on several hosts, and several of them on one.

Older software does not find its way in a schema that was contracted for a later release,
and cannot go on with what a later one has begun to expand.
"""

import dataclasses
import datetime
import re
from collections.abc import Mapping


@dataclasses.dataclass(frozen=True)
class Member:
    """What a container of a host said last: the release it runs, or is on its way to."""

    host: str
    container: str
    release: str
    since: datetime.datetime
    #: It can no longer go back to an earlier release.
    confirmed: bool

    def __str__(self) -> str:
        state = "confirmed" if self.confirmed else "not confirmed"
        return f"{self.container} on {self.host} ({self.release}, {state})"


@dataclasses.dataclass(frozen=True)
class Step:
    """The last time that something (expand, contract) was done, and by whom."""

    phase: str
    release: str
    version: str
    host: str
    since: datetime.datetime
    #: False while the phase runs, and after an interruption.
    done: bool

    def __str__(self) -> str:
        return f"for {self.release} by {self.host} on {self.since:%Y-%m-%d %H:%M} UTC"


@dataclasses.dataclass(frozen=True)
class State:
    """What the ledger holds."""

    #: By host and container.
    members: Mapping[tuple[str, str], Member]
    steps: Mapping[str, Step]

    def level(self, phase: str) -> tuple[list[int], list[int]]:
        """The release and version that a phase reached, or was on its way to."""
        step = self.steps.get(phase)
        return level(step.release, step.version) if step else ([], [])

    def interrupted(self, phase: str) -> bool:
        return phase in self.steps and not self.steps[phase].done


class Refused(Exception):
    """It must not be done; the text says why."""


def level(release: str, version: str = "") -> tuple[list[int], list[int]]:
    """What sorts as releases, and versions within a release, do."""
    return numbers(release), numbers(version)


def numbers(text: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", text)]


def refuse_older(state: State, release: str) -> None:
    """Raise :class:`Refused` if the schema has been contracted for a later release."""
    if state.level("contract")[0] > numbers(release):
        contract = state.steps["contract"]
        raise Refused(f"the schema was contracted {contract}: {release} cannot use it any more")


def never_made(state: State) -> bool:
    """Whether the schema of an empty database is still to be made, or to be made to its end."""
    if "expand" not in state.steps:
        return True
    contracted = state.level("contract")
    return state.interrupted("expand") and contracted in (([], []), state.level("expand"))


def nothing_to_dump(state: State, release: str, version: str) -> str:
    """Why the data is no longer as it was before this software; empty if it still is.

    A dump is of no use then, and would take the place of the one from before.
    """
    if state.level("expand") >= level(release, version):
        return f"the schema was expanded {state.steps['expand']}: there is no dump after that"
    return ""


def nothing_to_expand(state: State, release: str, version: str) -> str:
    """Why nothing is left to expand for this software; empty if there is."""
    reached, wanted = state.level("expand"), level(release, version)
    if reached > wanted or (reached == wanted and not state.interrupted("expand")):
        return f"the schema is expanded already, {state.steps['expand']}"
    return ""


def nothing_to_contract(state: State, release: str, version: str) -> str:
    """Why nothing is to be contracted for this software, now or later; empty if it is."""
    reached, wanted = state.level("contract"), level(release, version)
    if reached > wanted or (reached == wanted and not state.interrupted("contract")):
        return f"the schema is contracted already, {state.steps['contract']}"
    if state.level("expand") > wanted:
        return f"the schema is expanded {state.steps['expand']}: it is contracted with that"
    return ""


def held_up_by(state: State, release: str) -> list[Member]:
    """Those that have not confirmed this release or a later one."""
    return [
        member for member in state.members.values()
        if not member.confirmed or numbers(member.release) < numbers(release)
    ]


def confirmed_already(state: State, host: str, container: str, release: str) -> bool:
    """Whether this container of the host has confirmed exactly this release."""
    known = state.members.get((host, container))
    return known is not None and known.confirmed and known.release == release

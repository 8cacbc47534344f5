"""The records of the store: containers, generations and events."""

import dataclasses
import enum
import functools
import os
from typing import TYPE_CHECKING, Any

from kolla.times import now

if TYPE_CHECKING:
    from kolla.plugin.spec import Spec


class Target(enum.StrEnum):
    """The state that an operator last asked for."""

    RUNNING = "running"
    STOPPED = "stopped"
    #: Deleted, or never started.
    ABSENT = "absent"


RUNNING, STOPPED, ABSENT = Target
#: The columns of a pin, for a container that follows the configuration.
UNPINNED: dict[str, Any] = {
    "release_pin": None, "image_pin": None, "pinned_at": None, "pinned_by": "",
}
#: The end of a maintenance that an operator has to end; later than every time.
FOR_EVER = "somebody ends it"


class ActionOutcome(enum.StrEnum):
    """How an action on a container ended, or one operation of it."""

    #: It is under way, or its command was killed.
    BEGUN = "begun"
    DONE = "done"
    UNCHANGED = "unchanged"
    #: Unchanged for a pin, though the configuration asks for something else.
    PINNED = "pinned"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    NOT_BEGUN = "not begun"
    #: Done, and taken back because another container failed.
    ROLLED_BACK = "rolled back"


class GenerationOutcome(enum.StrEnum):
    """What became of a generation."""

    #: It is not committed yet.
    TRYING = "trying"
    CURRENT = "current"
    #: It counted once, and a rollback can go back to it.
    KEPT = "kept"
    REFUSED = "refused"
    #: Its command was interrupted or killed before the commit.
    DISCARDED = "discarded"
    ROLLED_BACK = "rolled back"
    #: Its data are gone.
    DELETED = "deleted"


@dataclasses.dataclass(frozen=True)
class Record:
    """The record of one container."""

    name: str
    current: int | None = None
    last_number: int = 0
    target: Target = ABSENT
    release_pin: str | None = None
    #: A tag or an image id.
    image_pin: str | None = None
    #: False while a command works on it, and after a command was killed.
    settled: bool = True
    health: str = "unknown"
    health_detail: str = ""
    health_at: str | None = None
    #: Until when the monitor must not act on it: UTC, ISO 8601, or ``FOR_EVER``.
    maintenance: str | None = None
    #: When the monitor gave it up, after too many restarts; UTC, ISO 8601.
    failed: str | None = None
    #: The times of its restarts within the last hour; UTC, ISO 8601.
    restarts: tuple[str, ...] = ()
    #: Whether its data still have to be deleted.
    erase: bool = False
    #: When it was pinned (UTC, ISO 8601), and by which command.
    pinned_at: str | None = None
    pinned_by: str = ""

    def in_maintenance(self) -> bool:
        """Whether the monitor must leave it alone now."""
        return self.maintenance is not None and self.maintenance > now()

    @property
    def pin(self) -> str | None:
        """The image or release that it keeps, whatever the configuration says."""
        return self.image_pin or self.release_pin

    @property
    def serving(self) -> int | None:
        """The current generation; None once the container is deleted."""
        return None if self.target == ABSENT else self.current


@dataclasses.dataclass(frozen=True)
class Generation:
    """One generation of a container: a spec, and what became of it."""

    container: str
    number: int
    spec: str
    #: A keyed fingerprint of the value of each secret, by reference.
    secrets: dict[str, str]
    cause: str
    created: str
    committed: str | None
    ended: str | None
    outcome: GenerationOutcome
    reason: str
    evidence: str
    #: Whether its image still has the name that protects it from pruning.
    kept: bool = True
    #: When an operator, or the end of its probation, confirmed it.
    confirmed: str | None = None

    @functools.cached_property
    def snapshot(self) -> "Spec":
        """Its spec."""
        from kolla.plugin.spec import Spec  # a command that only lists needs no spec

        return Spec.from_json(self.spec)


@dataclasses.dataclass(frozen=True)
class EventRecord:
    """A line of the journal: an action, or (with a parent) one operation of it."""

    id: int
    parent: int | None
    at: str
    who: str
    action: str
    container: str
    generation: int | None
    outcome: ActionOutcome
    detail: str
    seconds: float | None
    #: The evidence of a failure; empty if nothing went wrong.
    evidence: str = ""
    #: The task that an operation ran, if any.
    task: str = ""


def act_as(name: str) -> None:
    """Record this name as the actor of everything this process does from now on."""
    global _actor
    _actor = name


_actor = ""
#: The actor while the monitor is at work.
MONITOR = "monitor"


def by_hand() -> bool:
    """Whether an operator is at work, and not the monitor by itself."""
    return _actor != MONITOR


def who() -> str:
    """The login name of the user of this process, also under sudo."""
    if _actor:
        return _actor
    if os.environ.get("SUDO_USER"):
        return os.environ["SUDO_USER"]
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())

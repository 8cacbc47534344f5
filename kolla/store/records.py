"""What the store holds: one line for each container, generation and event."""

import dataclasses
import enum
import getpass
import os
from typing import TYPE_CHECKING, Any

from kolla.times import now

if TYPE_CHECKING:
    from kolla.plugin.spec import Spec


class Target(enum.StrEnum):
    """What an operator last asked for."""

    RUNNING = "running"
    STOPPED = "stopped"
    #: Deleted, or never started.
    ABSENT = "absent"


RUNNING, STOPPED, ABSENT = Target
#: The columns of a pin, of a container that follows the configuration.
UNPINNED: dict[str, Any] = {
    "release_pin": None, "image_pin": None, "pinned_at": None, "pinned_by": "",
}
#: Of a maintenance that somebody has to end; later than every time.
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
    """What counts for one container."""

    name: str
    current: int | None = None
    last_number: int = 0
    target: Target = ABSENT
    release_pin: str | None = None
    #: A tag or an image id.
    image_pin: str | None = None
    #: False while a command is at work, and after one that was killed.
    settled: bool = True
    health: str = "unknown"
    health_detail: str = ""
    health_at: str | None = None
    #: Until when nobody is to act on it by himself: UTC, ISO 8601, or ``FOR_EVER``.
    maintenance: str | None = None
    #: Since when it is no longer restarted, because it was too often; UTC, ISO 8601.
    failed: str | None = None
    #: When it was restarted within the last hour; UTC, ISO 8601.
    restarts: tuple[str, ...] = ()
    #: Whether its data are to go as well, and have not gone yet.
    erase: bool = False
    #: Since when it is pinned (UTC, ISO 8601), and by which command.
    pinned_at: str | None = None
    pinned_by: str = ""

    def in_maintenance(self) -> bool:
        """Whether it is to be left alone at present."""
        return self.maintenance is not None and self.maintenance > now()

    @property
    def pin(self) -> str | None:
        """The image or release it stays with, whatever the configuration says."""
        return self.image_pin or self.release_pin

    @property
    def serving(self) -> int | None:
        """The generation that counts; None once the container was deleted."""
        return None if self.target == ABSENT else self.current


@dataclasses.dataclass(frozen=True)
class Generation:
    """A spec put to work."""

    container: str
    number: int
    spec: str
    #: Secret reference to a keyed fingerprint of its value.
    secrets: dict[str, str]
    cause: str
    created: str
    committed: str | None
    ended: str | None
    outcome: GenerationOutcome
    reason: str
    evidence: str
    #: Whether its image still has the name that protects it from every prune.
    kept: bool = True
    #: When an operator, or the end of its probation, confirmed it.
    confirmed: str | None = None

    @property
    def snapshot(self) -> "Spec":
        """What it runs."""
        from kolla.plugin.spec import Spec  # a command that only lists needs none

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
    #: What there was to see when something went wrong.
    evidence: str = ""


def act_as(name: str) -> None:
    """Be known by this name in everything this process does from now on."""
    global _actor
    _actor = name


_actor = ""


def who() -> str:
    """The login name of the person behind this process, sudo or not."""
    if _actor:
        return _actor
    if os.environ.get("SUDO_USER"):
        return os.environ["SUDO_USER"]
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())

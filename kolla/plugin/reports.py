"""What a backend reports back of the engine."""

import dataclasses
import enum
from collections.abc import Callable, Iterator, Mapping

from kolla.errors import KollaError


class Restart(enum.StrEnum):
    """What the engine does by itself with a container that has ended, in its own words."""

    #: It is committed.
    ALWAYS = "always"
    #: It is committed and was stopped on purpose: the engine leaves it stopped.
    STOPPED = "unless-stopped"
    #: It is not committed, or no longer.
    NEVER = "no"


ALWAYS, STOPPED, NEVER = Restart

#: Something in a container was killed because it used too much memory.
STARVED = "oom"


@dataclasses.dataclass(frozen=True)
class Observed:
    """A generation (or a one-shot task) of a container as the engine has it."""

    name: str
    container: str
    generation: int
    running: bool
    #: The engine's own word: created, running, restarting, paused, exited, dead.
    status: str
    task: str = ""
    #: Its restart policy; known only after ``inspect``.
    restart: str = ""
    #: Whether it ever counted: with its commit it got its full share of the CPU, which it keeps.
    committed: bool = False
    labels: Mapping[str, str] = dataclasses.field(default_factory=dict)
    started_at: str = ""
    exit_code: int | None = None
    #: How often the engine has started it again by itself.
    restarts: int = 0
    #: Whether its process was killed because it used too much memory. Of one that runs it
    #: means nothing: engines forget it with the next start, or never.
    out_of_memory: bool = False


@dataclasses.dataclass(frozen=True)
class Stranger:
    """A container that carries labels of kolla and is not one of kolla's: left alone."""

    name: str
    why: str


@dataclasses.dataclass(frozen=True)
class ImageFacts:
    """What the engine knows of an image."""

    id: str
    reference: str
    labels: Mapping[str, str] = dataclasses.field(default_factory=dict)
    size: int = 0
    created: str = ""


@dataclasses.dataclass(frozen=True)
class Outcome:
    """How a command in a container ended."""

    exit_code: int
    output: str


@dataclasses.dataclass(frozen=True)
class Usage:
    """What a container uses of its limits at the moment."""

    #: Bytes, without what the kernel can drop at once.
    memory: int
    #: Processes and threads.
    pids: int


class Happenings(Iterator[tuple[str, str]]):
    """The names of kolla's containers and what happens to them.

    In the engine's words: start, die, pause, unpause, destroy, and ``STARVED``. Without an
    end, until any thread calls ``close``; raises :class:`Unreachable` if the engine goes away.
    """

    def __init__(self, told: Iterator[tuple[str, str]], close: Callable[[], None]):
        self._told, self.close = told, close

    def __next__(self) -> tuple[str, str]:
        return next(self._told)


class BackendError(KollaError):
    """The engine refused or could not be reached."""


class Unreachable(BackendError):
    """The engine, or the program that drives it, does not answer in time.

    That says nothing about any container.
    """


class UnreadableLog(BackendError):
    """The log driver does not let a log be read back; the hint says where to look."""

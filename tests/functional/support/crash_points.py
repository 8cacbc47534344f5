"""The moments of a command: just before and just after everything it does to the world.

Everything that a command does to the world is wrapped, from outside: each write to the state
file, each number given, each call of the engine, each folder laid out. The product itself
knows nothing of it.
"""

import collections
import contextlib
import dataclasses
from collections.abc import Callable, Iterator

from kolla.actions.executor import Executor
from kolla.backends.compose.backend import ComposeBackend
from kolla.backends.compose.command import Compose
from kolla.backends.compose.project import Project
from kolla.backends.docker.backend import DockerBackend
from kolla.backends.instances import Instances
from kolla.logs.archive import Archive
from kolla.plugin.backend import Backend
from kolla.store.database import _Transaction
from kolla.store.numbers import Numbers
from kolla.store.pins import Pins
from kolla.store.store import Store

WATCHED = {
    Store: ("_opened", "_write"),
    _Transaction: ("_run",),
    Numbers: ("claim",),
    Pins: ("write",),
    Instances: ("make", "task", "mark_joined", "set_aside", "purge"),
    Archive: ("keep",),
    DockerBackend: (*sorted(Backend.__abstractmethods__ - {"set_restart"}), "_update", "_wait"),
    ComposeBackend: ("create", "set_restart", "remove"),
    Compose: ("create",),
    Project: ("_change", "_save"),
}
#: What compose does otherwise than direct launch.
OF_COMPOSE = {owner.__name__ for owner in (ComposeBackend, Compose, Project)}
#: What changes nothing: just before and just after it the world is the same.
READS = {"observe", "inspect", "image", "images", "logs", "shell", "version"}


@dataclasses.dataclass(frozen=True)
class Point:
    """A moment in the life of a command: just before or just after it did something."""

    #: The plan and its operation, like ``upgrade/commit``.
    where: str
    #: ``before`` or ``after``.
    when: str
    what: str
    #: The how-manieth of its kind in this run of the command.
    count: int

    def __str__(self) -> str:
        number = f" ({self.count})" if self.count > 1 else ""
        return f"{self.where}: {self.when} {self.what}{number}"

    @property
    def call(self) -> str:
        return self.what.split()[0].rpartition(".")[2]

    @property
    def of_compose(self) -> bool:
        """Whether it stands before or after something that only the compose backend does."""
        return self.what.partition(".")[0] in OF_COMPOSE

    @property
    def changes(self) -> bool:
        """Whether what it stands before or after changes anything in the world."""
        return self.call not in READS


def cuts(points: list[Point]) -> list[Point]:
    """One point for each state that the world goes through, from a list of all points.

    After one change and before the next the world is the same at every point, whatever is
    read in between. The last of such points stands for all.
    """
    chosen: list[Point] = []
    for point in points:
        if not chosen or (point.when == "after" and point.changes):
            chosen.append(point)
        else:
            chosen[-1] = point
    return chosen


#: A certain point, or the one that is come by after so many others.
Trap = Point | int | None


class Watch:
    """Writes down each point that a command comes by, and springs the trap."""

    def __init__(self, write, trap: Trap, action: Callable[[], None]):
        self._write, self._trap, self._action = write, trap, action
        self._plan, self._step, self._passed = "", "", 0
        self._counts: collections.Counter = collections.Counter()

    def everything(self) -> None:
        """Wrap all classes; there is no way back, the process is a child."""
        for owner, names in WATCHED.items():
            for name in names:
                self._wrap(owner, name)
        self._follow(Executor, "carry_out", lambda plan, event: ("_plan", plan.action))
        self._follow(Executor, "take_back", lambda event: ("_plan", "way back"))
        self._follow(Executor, "_step", lambda operation, event: ("_step", operation.kind))

    def _wrap(self, owner: type, name: str) -> None:
        original = getattr(owner, name)

        def watched(instance, *arguments, **keywords):
            what = f"{owner.__name__}.{name}"
            if name in ("_write", "_run"):
                what += " " + " ".join(arguments[0].split()[:3])
            self._pass("before", what)
            result = original(instance, *arguments, **keywords)
            self._pass("after", what)
            return result

        setattr(owner, name, watched)

    def _follow(self, owner: type, name: str, told) -> None:
        """Know which plan and which of its operations is being carried out."""
        original = getattr(owner, name)

        def followed(instance, *arguments):
            with self._within(*told(*arguments)):
                return original(instance, *arguments)

        setattr(owner, name, followed)

    @contextlib.contextmanager
    def _within(self, attribute: str, value: str) -> Iterator[None]:
        previous = getattr(self, attribute)
        setattr(self, attribute, value)
        try:
            yield
        finally:
            setattr(self, attribute, previous)

    def _pass(self, when: str, what: str) -> None:
        where = "/".join(filter(None, (self._plan, self._step))) or "outside"
        key = (where, when, what)
        self._counts[key] += 1
        # A check asks until the answer is yes: how often, differs from run to run.
        if self._step == "check" and self._counts[key] > 1:
            return
        point = Point(where, when, what, self._counts[key])
        self._write(f"{where}\t{when}\t{what}\t{point.count}\n".encode())
        self._passed += 1
        if self._trap in (point, self._passed - 1):
            self._action()

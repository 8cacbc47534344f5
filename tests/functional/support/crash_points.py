"""The moments of a command: just before and just after everything it does to the world.

It is wrapped, from outside, where the command meets the world, and where the parts of kolla meet
each other: each write to SQLite, each number given, each method of a backend, each folder laid
out. All of that is public; the product itself knows nothing of it.
"""

import collections
import contextlib
import dataclasses
import inspect
import re
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

import docker

from kolla.actions.executor import Executor
from kolla.backends.compose import project
from kolla.backends.compose.backend import ComposeBackend
from kolla.backends.compose.command import Compose
from kolla.backends.compose.project import Project
from kolla.backends.docker.backend import DockerBackend
from kolla.backends.instances import Instances
from kolla.logs.archive import Archive
from kolla.plugin.backend import Backend
from kolla.store.numbers import Numbers
from kolla.store.pins import Pins
from kolla.store.store import Store

#: What changes the policy of a container, for whichever backend, and what waits for a task.
OF_ENGINE = ("update_container", "wait")
WATCHED: list[tuple[Any, str, tuple[str, ...]]] = [
    (Numbers, "Numbers", ("claim",)),
    (Pins, "Pins", ("write",)),
    (Instances, "Instances", ("make", "task", "mark_joined", "set_aside", "purge")),
    (Archive, "Archive", ("keep",)),
    (DockerBackend, "DockerBackend", (*sorted(Backend.__abstractmethods__ - {"set_restart"}),)),
    (docker.APIClient, "APIClient", OF_ENGINE),
    (ComposeBackend, "ComposeBackend", ("create", "set_restart", "remove")),
    (Compose, "Compose", ("create",)),
    (Project, "Project", ("keep", "drop")),
    (project, "Project", ("write_whole",)),
]
#: What compose does otherwise than direct launch.
OF_COMPOSE = {"ComposeBackend", "Compose", "Project"}
#: What changes nothing: just before and just after it the world is the same.
READS = {"observe", "inspect", "image", "images", "logs", "shell", "version"}
#: The statements that change the state file.
WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE|BEGIN|COMMIT|ROLLBACK|CREATE|ALTER|PRAGMA \w+ ?=)")


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
    def of_engine(self) -> bool:
        """Whether the engine is at work between the point before it and the one after."""
        return "Backend" in self.what or self.call in OF_ENGINE

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
        """Wrap all of it; there is no way back, the process is a child."""
        for owner, label, names in WATCHED:
            for name in names:
                self._wrap(owner, label, name)
        self._wrap_sqlite()
        self._follow("carry_out", lambda plan, event: plan.action)
        self._follow("take_back", lambda event: "way back")
        self._follow_steps()

    def _wrap(self, owner: Any, label: str, name: str) -> None:
        original = getattr(owner, name)

        def watched(*arguments, **keywords):
            with self._passing(f"{label}.{name}"):
                return original(*arguments, **keywords)

        setattr(owner, name, watched)

    def _wrap_sqlite(self) -> None:
        passing, connect = self._passing, sqlite3.connect

        class Connection(sqlite3.Connection):
            def execute(self, statement, *values):
                if not WRITES.match(statement):
                    return super().execute(statement, *values)
                with passing("Connection.execute " + " ".join(statement.split()[:3])):
                    return super().execute(statement, *values)

            def __exit__(self, *error):
                with passing("Connection.execute COMMIT"):
                    return super().__exit__(*error)

        def connected(*arguments, **keywords):
            with passing("Connection.connect"):
                return connect(*arguments, **keywords, factory=Connection)

        sqlite3.connect = connected

    def _follow(self, name: str, told: Callable[..., str]) -> None:
        """Know which plan is being carried out."""
        original = getattr(Executor, name)

        def followed(instance, *arguments):
            with self._within(told(*arguments)):
                return original(instance, *arguments)

        setattr(Executor, name, followed)

    def _follow_steps(self) -> None:
        """Know which operation of the plan: the journal is told when each begins and ends."""
        begin, end = Store.open_event, Store.close_event
        before: dict[int, str] = {}

        def begun(*arguments, **keywords):
            told = inspect.signature(begin).bind(*arguments, **keywords).arguments
            if told.get("parent") is None:
                return begin(*arguments, **keywords)
            previous, self._step = self._step, told["action"]
            event = begin(*arguments, **keywords)
            before[event] = previous
            return event

        def ended(store, event, *arguments, **keywords):
            result = end(store, event, *arguments, **keywords)
            self._step = before.pop(event, self._step)
            return result

        Store.open_event, Store.close_event = begun, ended

    @contextlib.contextmanager
    def _passing(self, what: str) -> Iterator[None]:
        self._pass("before", what)
        yield
        self._pass("after", what)

    @contextlib.contextmanager
    def _within(self, plan: str) -> Iterator[None]:
        previous, self._plan = self._plan, plan
        try:
            yield
        finally:
            self._plan = previous

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

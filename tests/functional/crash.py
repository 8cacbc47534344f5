"""The ``kolla`` command line, cut short at a point that is chosen from outside.

A command runs in a forked child of this process, so that a round costs no interpreter and no
imports. In the child everything that a command does to the world is wrapped: each write to
the state file, each number given, each call of the engine, each folder laid out. Before and
after each of them is a point, and a trap at one of them ends or stops the child right there.
The product itself knows nothing of all this.
"""

import collections
import contextlib
import dataclasses
import os
import pathlib
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator

# What a command imports, so that a child finds it imported. Nothing here opens a file,
# connects to the engine or starts a thread: that happens in the child.
import kolla.actions  # noqa: F401
import kolla.cli.action  # noqa: F401
import kolla.cli.container  # noqa: F401
import kolla.cli.plan  # noqa: F401
import kolla.deployment  # noqa: F401
import kolla.locks  # noqa: F401
import kolla.settings  # noqa: F401
import prettytable  # noqa: F401
import wcwidth  # noqa: F401
from kolla.backends.base import Backend
from kolla.backends.docker import DockerBackend
from kolla.cli.main import Kolla
from kolla.execute import Executor
from kolla.instance import Instances
from kolla.numbers import Numbers
from kolla.store import Store, _Transaction
from tests.functional.harness import Deployment

#: Seconds after which a child counts as hung, and is killed by an alarm.
PATIENCE = 120
WATCHED = {
    Store: ("_prepare", "_write"),
    _Transaction: ("_run",),
    Numbers: ("claim",),
    Instances: ("make", "task", "discard"),
    DockerBackend: (*sorted(Backend.__abstractmethods__), "_wait"),
}
#: What changes nothing: just before and just after it the world is the same.
READS = {"observe", "inspect", "image", "images", "logs", "shell", "version"}


@dataclasses.dataclass(frozen=True)
class Point:
    """A moment in the life of a command: just before or just after it did something."""

    #: What it was at, like ``upgrade/commit``, and the how-manieth time there.
    where: str
    when: str
    what: str
    count: int

    def __str__(self) -> str:
        number = f" ({self.count})" if self.count > 1 else ""
        return f"{self.where}: {self.when} {self.what}{number}"

    @property
    def call(self) -> str:
        return self.what.split()[0].rpartition(".")[2]

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


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def kill_soon(seconds: float) -> Callable[[], None]:
    """Kill it a moment later, while the engine is still at work for it."""
    return lambda: threading.Timer(seconds, kill).start()


def interrupt() -> None:
    """Ctrl-C. The main thread hears of it while this one waits."""
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(0.2)


def stop() -> None:
    """Stop all threads, until the parent has done something to the world."""
    signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)


@dataclasses.dataclass(frozen=True)
class Ended:
    """How a command ended; a negative exit code is the signal that killed it."""

    exit_code: int
    output: str
    points: list[Point]
    #: Whether the command came by its trap.
    caught: bool


#: A certain point, or the one that is come by after so many others.
Trap = Point | int | None


class Tool:
    """Runs ``kolla`` for one deployment."""

    def __init__(self, deployment: Deployment):
        self.deployment = deployment
        self._output = deployment.directory / "output"
        self._points = deployment.directory / "points"

    def run(
        self, *arguments: str, trap: Trap = None, action: Callable[[], None] = kill
    ) -> Ended:
        """To its end, whichever that is."""
        return self.begin(*arguments, trap=trap, action=action).wait()

    def begin(
        self, *arguments: str, trap: Trap = None, action: Callable[[], None] = kill
    ) -> "Child":
        command = ["--config-dir", str(self.deployment.config_dir), *arguments]
        pid = os.fork()
        if pid == 0:
            self._child(command, trap, action)
        return Child(pid, self._output, self._points, trap)

    def _child(self, command: list[str], trap: Trap, action) -> None:
        """Never returns: what comes after the fork belongs to the parent."""
        code = 70
        try:
            signal.alarm(PATIENCE)
            for number in (signal.SIGINT, signal.SIGALRM, signal.SIGTERM):
                signal.signal(number, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            os.environ.update(self.deployment.environment())
            for name in [name for name in os.environ if name.startswith("OS_")]:
                del os.environ[name]
            sys.path.insert(0, str(self.deployment.plugins))
            _redirect(self._output)
            with self._points.open("wb", buffering=0) as file:
                Watch(file.write, trap, action).everything()
                code = Kolla().run(command)
            sys.stdout.flush()
            sys.stderr.flush()
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
        finally:
            os._exit(code)


class Child:
    """A command at work."""

    def __init__(self, pid: int, output: pathlib.Path, points: pathlib.Path, trap: Trap):
        self.pid, self._output, self._points, self._trap = pid, output, points, trap
        self._status: int | None = None

    def trapped(self) -> bool:
        """Wait until it is stopped at its trap; False if it ended without."""
        _, status = os.waitpid(self.pid, os.WUNTRACED)
        if os.WIFSTOPPED(status):
            return True
        self._status = status
        return False

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def wait(self) -> Ended:
        if self._status is None:
            _, self._status = os.waitpid(self.pid, 0)
        code = os.waitstatus_to_exitcode(self._status)
        points = [Point(*line.split("\t")[:3], int(line.rpartition("\t")[2]))
                  for line in self._points.read_text().splitlines()]
        output = self._output.read_text(errors="replace")
        assert code not in (-signal.SIGALRM, 70), f"a command hung or broke:\n{output}"
        caught = len(points) > self._trap if isinstance(self._trap, int) else self._trap in points
        return Ended(code, output, points, caught)


def _redirect(path: pathlib.Path) -> None:
    descriptor = os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    for standard in (1, 2):
        os.dup2(descriptor, standard)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.stdin = open(0, closefd=False)
    sys.stdout = open(1, "w", closefd=False)
    sys.stderr = open(2, "w", closefd=False, buffering=1)


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

"""The ``kolla`` command line, cut short at a point that is chosen from outside.

A command runs in a forked child of this process, so that a round costs no interpreter and no
imports. A trap at one of the points that it comes by ends or stops the child right there.
"""

import dataclasses
import os
import pathlib
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable

# What a command imports, so that a child finds it imported. Nothing here opens a file,
# connects to the engine or starts a thread: that happens in the child.
import kolla.actions.run  # noqa: F401
import kolla.cli.action  # noqa: F401
import kolla.cli.container  # noqa: F401
import kolla.cli.plan  # noqa: F401
import kolla.cli.selection  # noqa: F401
import kolla.deployment  # noqa: F401
import kolla.settings  # noqa: F401
import kolla.store.locks  # noqa: F401
import prettytable  # noqa: F401
import wcwidth  # noqa: F401
from kolla.cli.main import Kolla
from tests.functional.support.crash_points import Point, Trap, Watch
from tests.functional.support.harness import Deployment

#: Seconds after which a child counts as hung, and is killed by an alarm.
PATIENCE = 300


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

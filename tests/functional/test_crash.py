"""The tool is killed with SIGKILL at every point of every command, and recovery runs.

Each command runs once to its end, which tells all points: before and after each write to the
state file and each call of the engine. With ``--all`` it runs again from the same beginning for
every state of the world between two of them, and is killed there; and once more for every call
of the engine, killed while the engine is at work. What an earlier command has shown is left out.
Without ``--all``, it is killed at a sample of these points, the same each time. See
crash_rounds.py for what has to hold.

``KOLLA_TEST_CRASH=all`` with ``--all`` leaves nothing out, and also kills it at points between
which nothing changes.
"""

import itertools
import json
import os
import pathlib
import subprocess
import sys
import time

import pytest

from tests.functional.conftest import ADDRESSES, ROOT
from tests.functional.support import backends
from tests.functional.support.crash_rounds import COMMANDS, Report

BACKENDS = backends.BOTH
CONTAINERS = {
    "handover": "synthetic-http", "replace": "synthetic-worker", "relieve": "synthetic-agent",
    "hold": "synthetic-database",
}
#: At how many points a command is killed without ``--all``.
SAMPLE = 1
#: Commands in which a container that is replaced goes a way of its own ...
OF_REPLACEMENT = ("restart", "upgrade", "refused-upgrade", "rollback", "recover-before-commit")
#: ... and a worker that relieves another.
OF_RELIEF = ("upgrade", "refused-upgrade", "recover-before-commit")
#: Commands in which requests wait for a container that is replaced.
OF_HOLD = ("restart", "upgrade", "refused-upgrade", "rollback", "recover-before-commit",
           "recover-after-commit")
#: Without ``--all``, the others are left out.
DEFAULT = {
    "handover": COMMANDS, "replace": OF_REPLACEMENT, "relieve": OF_RELIEF, "hold": (),
}
#: Commands in which compose makes, keeps or removes something.
OF_COMPOSE = {
    ("start", "handover"), ("upgrade", "handover"), ("delete", "handover"),
    ("upgrade", "replace"), ("rollback", "replace"),
}


class Worker:
    """A process that puts one container through commands, one after the other."""

    def __init__(
        self, backend: str, sample: int, container: str, commands: list[str],
        directory: pathlib.Path,
    ):
        self.errors = directory.with_suffix(".errors")
        with self.errors.open("w") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.functional.support.crash_rounds", directory,
                 next(ADDRESSES), backend, str(sample), container, *commands],
                cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors,
                text=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
            )
        self._reports: dict[str, Report] = {}

    def report(self, command: str) -> Report:
        while command not in self._reports:
            line = self.process.stdout.readline()
            assert line, f"it ended with {self.process.wait()}\n{self.errors.read_text()}"
            report = Report(**json.loads(line))
            self._reports[report.command] = report
        return self._reports[command]

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture(scope="module")
def workers(engine, synthetic_images, backend, exhaustive, request, tmp_path_factory):
    """One for each strategy: they share the engine, but neither container nor state file."""
    engine.clean()
    chosen: dict[str, list[str]] = {}
    for item in request.session.items:
        if item.path == request.path and item.callspec.params["backend"] == backend:
            names = chosen.setdefault(item.callspec.params["strategy"], [])
            names.append(item.callspec.params["command"])
    folder = tmp_path_factory.mktemp("crash")
    workers = {
        strategy: Worker(
            backend, 0 if exhaustive else SAMPLE, CONTAINERS[strategy], commands,
            folder / strategy,
        )
        for strategy, commands in chosen.items()
    }
    yield workers
    for worker in workers.values():
        worker.end()
    engine.clean()


def cases():
    for name, strategy in itertools.product(COMMANDS, CONTAINERS):
        marks = [pytest.mark.differs] if (name, strategy) in OF_COMPOSE else []
        if strategy == "hold" and name not in OF_HOLD:
            continue
        if name not in DEFAULT[strategy]:
            marks = [pytest.mark.exhaustive]
        yield pytest.param(name, strategy, marks=marks)


@pytest.mark.parametrize("command, strategy", list(cases()))
def test_wherever_it_is_killed_one_generation_counts_and_serves(
    workers, backend, strategy, command, capsys
):
    began = time.monotonic()
    report = workers[strategy].report(command)
    with capsys.disabled():
        print(
            f"\n{backend}, {strategy} {command}: {report.points} points,"
            f" killed {report.killed} times in {report.seconds} s,"
            f" waited for {time.monotonic() - began:.0f} s",
            file=sys.stderr,  # of a worker, nothing else is seen
        )
    assert not report.failures, "\n".join(report.failures)
    assert report.killed and report.missed <= max(report.killed / 20, 1)

"""An endpoint over made-up containers, in a process of its own.

    python -m tests.functional.support.endpoint ADDRESS PORT

Each line on standard input, ``CONTAINER STATUS``, changes one of a
:class:`tests.unit.support.view.View`.
"""

import contextlib
import subprocess
import sys
from collections.abc import Iterator

from kolla.monitor.endpoint import Endpoint
from kolla.monitor.metrics import Metrics
from tests.functional.conftest import ROOT
from tests.unit.support.view import View


class Monitor:
    """The process, as a test sees it."""

    def __init__(self, process: subprocess.Popen):
        self.process = process

    def set(self, container: str, status: str) -> None:
        print(container, status, file=self.process.stdin, flush=True)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@contextlib.contextmanager
def monitor(address: str, port: int, *prefix: str) -> Iterator[Monitor]:
    """One that listens; ``prefix`` is a command that the process is started with."""
    process = subprocess.Popen(
        [*prefix, sys.executable, "-m", __name__, address, str(port)], cwd=ROOT, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout.readline() == "listens\n"
        yield Monitor(process)
    finally:
        process.kill()
        process.communicate()


def main(address: str, port: str) -> None:
    view = View()
    Endpoint(address, int(port), view, Metrics(view).registry).start()
    print("listens", flush=True)
    for line in sys.stdin:
        view.set(*line.split())


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Runs the programs that build, with their output in a log; Ctrl-C ends them."""

import os
import pathlib
import re
import shlex
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping

from kolla.errors import KollaError
from kolla.text import harmless


class Runner:
    """Runs programs for several threads, each in a process group of its own.

    So Ctrl-C does not reach them directly: :meth:`stop` ends them all, and starts no others.
    """

    def __init__(self) -> None:
        self._running: set[subprocess.Popen] = set()
        self._lock = threading.Lock()
        self.stopped = False

    def run(
        self, argv: list[str], environment: Mapping[str, str], text: str = ""
    ) -> Iterator[str]:
        """Run a program and yield its output line by line; ``text`` is its standard input.

        Raises :class:`KollaError` if it fails or cannot be started.
        """
        process = self._start(argv, environment)
        try:
            with process:
                assert process.stdin and process.stdout  # both are pipes
                process.stdin.write(text)
                process.stdin.close()
                yield from process.stdout
        finally:
            with self._lock:
                self._running.discard(process)
        if process.returncode:
            raise KollaError(f"{argv[0]} ended with exit code {process.returncode}")

    def stop(self) -> None:
        """End all programs; a second call kills them."""
        with self._lock:
            how = signal.SIGKILL if self.stopped else signal.SIGTERM
            self.stopped = True
            for process in self._running:
                if process.poll() is None:
                    os.killpg(process.pid, how)

    def _start(self, argv: list[str], environment: Mapping[str, str]) -> subprocess.Popen:
        with self._lock:
            if self.stopped:
                raise KollaError("interrupted")
            try:
                process = subprocess.Popen(
                    argv, env={**os.environ, **environment}, text=True, errors="replace",
                    start_new_session=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                )
            except OSError as error:
                raise KollaError(f"{argv[0]} cannot be started: {error.strerror}") from None
            self._running.add(process)
            return process


class Job:
    """The programs that make one image, one after the other, with one log file."""

    def __init__(
        self,
        runner: Runner,
        path: pathlib.Path,
        mask: Callable[[str], str],
        tell: Callable[[str], None],
    ):
        self._runner, self._mask, self._tell = runner, mask, tell
        self.path = path
        self.begun = False

    def run(self, argv: list[str], environment: Mapping[str, str], text: str = "") -> None:
        """Run to the end; each line goes to the log and to the observer.

        Raises :class:`KollaError` with the last line of a program that fails.
        """
        last, said = "", ""
        with self.path.open("a" if self.begun else "w") as log:
            self.begun = True
            log.write(f"$ {shlex.join(argv)}\n{text}")
            log.flush()
            try:
                for line in map(self._mask, self._runner.run(argv, environment, text)):
                    log.write(line)
                    log.flush()
                    last = message(line) or last
                    said = last if is_output(line) else said
                    self._tell(last)
            except KollaError as error:
                # BuildKit's last line repeats the command, not the reason.
                reason = said if said and "exit code" in last else last or error.message
                raise KollaError(reason if len(reason) < 160 else f"… {reason[-160:]}") from None


def message(line: str) -> str:
    """A line of BuildKit's plain output without step, time and digest."""
    return harmless(re.sub(r"^#\d+ (\d+\.\d+ )?(sha256:\w+$)?", "", line.strip()))


def is_output(line: str) -> bool:
    """Whether a line of BuildKit's plain output comes from a command of the Dockerfile."""
    return re.match(r"#\d+ \d+\.\d+ ", line) is not None

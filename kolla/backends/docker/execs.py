"""Commands inside containers, straight over the engine's HTTP API.

The monitor runs many a second. For each the Docker SDK takes several times as much CPU, and
Python's HTTP client nearly twice as much. HTTP/1.0 is enough: an answer ends when the engine
closes the connection.
"""

import contextlib
import itertools
import json
import socket
import time
import urllib.parse
from collections.abc import Iterator

from kolla.backends.docker.answers import OUTPUT_LIMIT
from kolla.backends.docker.frames import frames
from kolla.plugin.reports import BackendError, Unreachable
from kolla.text import harmless

#: Seconds the engine may take beyond what a command was given.
MARGIN = 10
REQUEST = "{} {} HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}"


class Execs:
    """Runs commands in the containers of the engine at ``url`` (unix:// or tcp://)."""

    def __init__(self, url: str, timeout: int):
        self.url, self.timeout = url, timeout
        self._place = urllib.parse.urlsplit(url)

    def run(self, name: str, command: tuple[str, ...], timeout: float) -> tuple[int | None, bytes]:
        """The exit code and the end of the output.

        The code is None if the command still runs after ``timeout`` seconds and a margin.
        Raises :class:`BackendError` if it could not be started.
        """
        asked = {"AttachStdout": True, "AttachStderr": True, "Cmd": command}
        path = f"/containers/{urllib.parse.quote(name)}/exec"
        execution = self._ask("POST", path, asked)["Id"]
        output = self._attached(execution, timeout + MARGIN)
        return self._ask("GET", f"/exec/{execution}/json")["ExitCode"], output

    def stats(self, name: str) -> dict:
        """The engine's statistics of a container, without CPU, which take a second to measure.
        """
        path = f"/containers/{urllib.parse.quote(name)}/stats?stream=0&one-shot=1"
        return self._ask("GET", path)

    def _ask(self, method: str, path: str, body: dict | None = None) -> dict:
        with self._answer(method, path, body, self.timeout) as pieces:
            return json.loads(b"".join(pieces))

    def _attached(self, execution: str, seconds: float) -> bytes:
        """Start it, and read its output until it ends or ``seconds`` have passed."""
        kept = b""
        path, body = f"/exec/{execution}/start", {"Detach": False, "Tty": False}
        with self._answer("POST", path, body, seconds) as pieces:
            # Read all of it: a command whose output is not read waits.
            with contextlib.suppress(TimeoutError):
                for _, text in frames(pieces):
                    kept = (kept + text)[-OUTPUT_LIMIT:]
        return kept

    @contextlib.contextmanager
    def _answer(
        self, method: str, path: str, body: dict | None, seconds: float
    ) -> Iterator[Iterator[bytes]]:
        """The content of an answer, piece by piece."""
        content = json.dumps(body) if body else ""
        request = REQUEST.format(method, path, len(content), content)
        try:
            with self._connect() as wire:
                wire.sendall(request.encode())
                pieces = _pieces(wire, time.monotonic() + seconds)
                status, rest = _head(pieces)
                pieces = itertools.chain([rest], pieces)
                if status >= 400:
                    said = harmless(json.loads(b"".join(pieces))["message"])
                    raise BackendError(f"the engine refuses: {said}")
                yield pieces
        except (OSError, ValueError, LookupError) as error:
            raise Unreachable(
                f"the Docker engine at {self.url} does not answer:"
                f" {error or type(error).__name__}",
                "is it running? see `kolla host check`; [docker] url chooses another engine",
            ) from error

    def _connect(self) -> socket.socket:
        if self._place.scheme == "unix":
            wire = socket.socket(socket.AF_UNIX)
            wire.settimeout(self.timeout)
            wire.connect(self._place.path)
            return wire
        return socket.create_connection((self._place.hostname, self._place.port), self.timeout)


def _pieces(wire: socket.socket, deadline: float) -> Iterator[bytes]:
    """Whatever comes until the other side closes; raises TimeoutError at the deadline."""
    while (left := deadline - time.monotonic()) > 0:
        wire.settimeout(left)
        if not (piece := wire.recv(65536)):
            return
        yield piece
    raise TimeoutError("it takes too long")


def _head(pieces: Iterator[bytes]) -> tuple[int, bytes]:
    """The status of an answer, and what came with its head."""
    came = b""
    for piece in pieces:
        came += piece
        head, end, rest = came.partition(b"\r\n\r\n")
        if end:
            return int(head.split(maxsplit=2)[1]), rest
    raise ConnectionError("it closed the connection")

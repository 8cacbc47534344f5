"""Commands inside containers, straight over the engine's HTTP API.

The monitor runs many a second. The Docker SDK takes several times the CPU for one.
"""

import http.client
import json
import socket
import struct
import threading
import time
import urllib.parse
from collections.abc import Iterator

from kolla.backends.answers import OUTPUT_LIMIT
from kolla.backends.base import BackendError, Unreachable

#: Seconds the engine may take beyond what a command was given.
MARGIN = 10


class Execs:
    """Runs commands in the containers of the engine at ``url`` (unix:// or tcp://)."""

    def __init__(self, url: str, timeout: int):
        self.url, self.timeout = url, timeout
        self._local = threading.local()

    def run(self, name: str, command: tuple[str, ...], timeout: float) -> tuple[int | None, bytes]:
        """The exit code and the end of the output.

        The code is None if the command was still running when ``timeout`` seconds, and a
        margin, had gone. Raises :class:`BackendError` if it could not be begun.
        """
        asked = {"AttachStdout": True, "AttachStderr": True, "Cmd": list(command)}
        path = f"/containers/{urllib.parse.quote(name)}/exec"
        execution = self._ask("POST", path, asked)["Id"]
        output = self._attached(execution, time.monotonic() + timeout + MARGIN)
        return self._ask("GET", f"/exec/{execution}/json")["ExitCode"], output

    def _ask(self, method: str, path: str, body: dict | None = None) -> dict:
        """Over the connection that this thread keeps; the engine may have closed it."""
        kept = getattr(self._local, "connection", None)
        self._local.connection = None
        try:
            connection = kept or self._connect(self.timeout)
            try:
                answer = _answer(connection, method, path, body)
            except (ConnectionError, http.client.RemoteDisconnected):
                if kept is None:
                    raise
                connection = self._connect(self.timeout)
                answer = _answer(connection, method, path, body)
            content = json.loads(answer.read() or b"{}")
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise self._unreachable(error) from error
        self._local.connection = connection
        if answer.status >= 400:
            raise BackendError(f"the engine refuses: {content.get('message', answer.reason)}")
        return content

    def _attached(self, execution: str, deadline: float) -> bytes:
        """Begin it, and read what it writes until it ends or the deadline has come."""
        try:
            connection = self._connect(self.timeout)
            wire = connection.sock
            path = f"/exec/{execution}/start"
            answer = _answer(connection, "POST", path, {"Detach": False, "Tty": False})
            if answer.status >= 400:
                raise BackendError(f"the engine refuses: {answer.read().decode(errors='replace')}")
            return _output(answer, wire, deadline)
        except (OSError, http.client.HTTPException) as error:
            raise self._unreachable(error) from error

    def _connect(self, timeout: float) -> http.client.HTTPConnection:
        place = urllib.parse.urlsplit(self.url)
        if place.scheme == "unix":
            connection = http.client.HTTPConnection("localhost", timeout=timeout)
            connection.sock = socket.socket(socket.AF_UNIX)
            connection.sock.settimeout(timeout)
            connection.sock.connect(place.path)
        else:
            connection = http.client.HTTPConnection(place.hostname, place.port, timeout=timeout)
            connection.connect()
        return connection

    def _unreachable(self, error: Exception) -> Unreachable:
        return Unreachable(
            f"the Docker engine at {self.url} does not answer: {error or type(error).__name__}",
            "is it running? `kolla host check` tells; [docker] url names another",
        )


def _answer(connection, method: str, path: str, body: dict | None) -> http.client.HTTPResponse:
    headers = {"Content-Type": "application/json"} if body else {}
    connection.request(method, path, json.dumps(body) if body else None, headers)
    return connection.getresponse()


def _output(answer: http.client.HTTPResponse, wire: socket.socket, deadline: float) -> bytes:
    """The end of it; all of it is read, or the command would wait for us."""
    kept = b""
    try:
        for text in _frames(answer, wire, deadline):
            kept = (kept + text)[-OUTPUT_LIMIT:]
    except TimeoutError:
        pass
    finally:
        answer.close()
        wire.close()
    return kept


def _frames(answer, wire: socket.socket, deadline: float) -> Iterator[bytes]:
    """The texts in a stream of frames: eight bytes with the length in the last four, a text."""
    rest = b""
    while chunk := _read(answer, wire, deadline):
        rest += chunk
        while len(rest) >= 8:
            end = 8 + struct.unpack(">L", rest[4:8])[0]
            if len(rest) < end:
                break
            yield rest[8:end]
            rest = rest[end:]


def _read(answer, wire: socket.socket, deadline: float) -> bytes:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    wire.settimeout(left)
    return answer.read1(65536)

"""An engine that is upgraded under its clients: it ends the support of the API they speak."""

import contextlib
import pathlib
import socket
import threading
from collections.abc import Iterator

REFUSAL = '{{"message": "client version {} is too old. Minimum supported API version is {}"}}'


class Ageing:
    """A socket in front of an engine, which takes another version of the API from ``upgrade`` on.

    The other one is the version before: the engine behind it knows that as well.
    """

    def __init__(self, path: pathlib.Path, engine: pathlib.Path, version: str):
        self.url, self._engine = f"unix://{path}", engine
        major, _, minor = version.partition(".")
        self._before, self._after = version, f"{major}.{int(minor) - 1}"
        self._upgraded, self._open = False, []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def upgrade(self) -> None:
        """Every connection ends, as when the process of the engine is another one."""
        self._upgraded = True
        for wire in self._open:
            with contextlib.suppress(OSError):
                wire.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, far = self._listener.accept()[0], socket.socket(socket.AF_UNIX)
                far.connect(str(self._engine))
                self._open += [near, far]
                for way in (self._ask, self._answer):
                    threading.Thread(target=self._go, args=(way, near, far), daemon=True).start()

    def _go(self, way, near: socket.socket, far: socket.socket) -> None:
        """One way through, and the end of both."""
        with contextlib.suppress(OSError):
            way(near, far)
        for wire in (near, far):
            with contextlib.suppress(OSError):
                wire.shutdown(socket.SHUT_RDWR)

    def _ask(self, near: socket.socket, far: socket.socket) -> None:
        for data in _pieces(near):
            if self._upgraded and f" /v{self._before}/".encode() in data.partition(b"\r\n")[0]:
                said = REFUSAL.format(self._before, self._after).encode()
                head = f"HTTP/1.1 400 Bad Request\r\nContent-Length: {len(said)}\r\n\r\n"
                near.sendall(head.encode() + said)
            else:
                far.sendall(data)

    def _answer(self, near: socket.socket, far: socket.socket) -> None:
        told = '"ApiVersion":"{}"'
        before, after = (told.format(each).encode() for each in (self._before, self._after))
        for data in _pieces(far):
            near.sendall(data.replace(before, after) if self._upgraded else data)


@contextlib.contextmanager
def ageing(path: pathlib.Path, engine) -> Iterator[Ageing]:
    """One before this engine, with its socket at ``path``."""
    with engine.client() as client:
        version = client.version()["ApiVersion"]
    made = Ageing(path, pathlib.Path(engine.url.removeprefix("unix://")), version)
    try:
        yield made
    finally:
        made.close()


def _pieces(source: socket.socket) -> Iterator[bytes]:
    """What comes until it is closed."""
    while data := source.recv(65536):
        yield data

"""A proxy on a UNIX socket, in front of an engine's, that counts what is asked."""

import contextlib
import pathlib
import re
import socket
import threading
from collections.abc import Iterator

REQUEST = re.compile(rb"(?:GET|HEAD|POST|PUT|DELETE) (/\S*) HTTP/1\.1\r\n")


class Proxy:
    """``requests`` are the method and path of each call, without the API's version."""

    def __init__(self, path: pathlib.Path, engine: pathlib.Path):
        self.path, self.engine = path, engine
        self.requests: list[str] = []

    @contextlib.contextmanager
    def listening(self) -> Iterator["Proxy"]:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(self.path))
            listener.listen()
            threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
            try:
                yield self
            finally:
                listener.shutdown(socket.SHUT_RDWR)
                self.path.unlink()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            engine = socket.socket(socket.AF_UNIX)
            engine.connect(str(self.engine))
            for pair in ((client, engine, True), (engine, client, False)):
                threading.Thread(target=self._relay, args=pair, daemon=True).start()

    def _relay(self, source: socket.socket, sink: socket.socket, count: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if count:
                    self._count(data)
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)

    def _count(self, data: bytes) -> None:
        for match in REQUEST.finditer(data):
            method, path, _ = match[0].decode().split(" ")
            self.requests.append(f"{method} {re.sub(r'^/v[0-9.]+', '', path)}")

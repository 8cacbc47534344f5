"""The console of a virtual machine, opened as noVNC in a browser does it."""

import base64
import contextlib
import os
import pathlib
import socket
import ssl
import urllib.parse
from collections.abc import Iterator

#: What both ends of VNC begin with.
VERSION = b"RFB 003.008\n"
REQUEST = """\
GET /{path} HTTP/1.1\r
Host: {host}\r
Origin: {origin}\r
Connection: Upgrade\r
Upgrade: websocket\r
Sec-WebSocket-Version: 13\r
Sec-WebSocket-Protocol: binary\r
Sec-WebSocket-Key: {key}\r
\r
"""
#: A frame with bytes, and the bit that says that they are masked.
BINARY, MASKED = 0x82, 0x80


class Console:
    """A WebSocket, over which VNC has begun."""

    def __init__(self, wire: socket.socket):
        self._socket, self._wire = wire, wire.makefile("rwb")

    def begin(self, request: str) -> None:
        self._wire.write(request.encode())
        self._wire.flush()
        status = self._wire.readline()
        assert b" 101 " in status, status
        while self._wire.readline().strip():
            pass
        assert self.receive() == VERSION

    def receive(self) -> bytes:
        """The bytes of a small frame."""
        kind, length = self._wire.read(2)
        assert kind == BINARY and length < 126, (kind, length)
        return self._wire.read(length)

    def send(self, data: bytes) -> None:
        nothing = bytes(4)  # a mask that changes nothing
        self._wire.write(bytes((BINARY, MASKED | len(data))) + nothing + data)
        self._wire.flush()

    def close(self) -> None:
        self._wire.close()
        self._socket.close()

    def works(self) -> bool:
        """Whether whoever shows the console goes on with VNC. Once."""
        self.send(VERSION)
        return self.receive() == bytes((1, 1))  # one kind of login: none


@contextlib.contextmanager
def opened(url: str, authority: pathlib.Path) -> Iterator[Console]:
    """That of a URL that Nova has given."""
    parts = urllib.parse.urlsplit(url)
    (path,) = urllib.parse.parse_qs(parts.query)["path"]
    request = REQUEST.format(
        path=path, host=parts.netloc, origin=f"{parts.scheme}://{parts.netloc}",
        key=base64.b64encode(os.urandom(16)).decode(),
    )
    place = parts.hostname, parts.port
    with socket.create_connection(place, timeout=60) as wire:
        if parts.scheme == "https":
            trust = ssl.create_default_context(cafile=authority)
            wire = trust.wrap_socket(wire, server_hostname=parts.hostname)
        console = Console(wire)
        console.begin(request)
        yield console

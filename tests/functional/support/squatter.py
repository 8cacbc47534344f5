"""A stranger on the port of a neighbour: of a database, who asks every client for its password,
or of an API, who listens.
"""

import contextlib
import multiprocessing
import multiprocessing.connection
import os
import socket
import ssl
import struct
import threading
from collections.abc import Iterator

from tests.functional.support.beside import beside

#: Capabilities of the protocol: 4.1, secure connections, pluggable authentication, TLS.
CAPABILITIES, TLS = 0x00000200 | 0x00008000 | 0x00080000, 0x00000800
ASKS = b"\xfemysql_clear_password\0"


def greeting(capabilities: int) -> bytes:
    return (
        b"\x0a11.8.6-MariaDB\0" + struct.pack("<I", 1) + b"12345678\0"
        + struct.pack("<H", capabilities & 0xFFFF) + b"\x21\x02\x00"
        + struct.pack("<H", capabilities >> 16) + b"\x15" + bytes(10)
        + b"123456789012\0mysql_native_password\0"
    )


class Squatter:
    """Serves clients one by one; ``heard`` is all that they said once they trusted it."""

    def __init__(self, context: ssl.SSLContext | None):
        self.context, self.heard, self.clients = context, [], 0

    def serve(self, client: socket.socket) -> None:
        client.settimeout(5)
        self.clients += 1
        send(client, 0, greeting(CAPABILITIES | (TLS if self.context else 0)))
        number, said = receive(client)
        if self.context and len(said) == 32:
            client = self.context.wrap_socket(client, server_side=True)
            number, said = receive(client)
        self.heard.append(said)
        send(client, number + 1, ASKS)
        _, said = receive(client)
        self.heard.append(said)


class Listener(Squatter):
    """Takes the place of an API."""

    def serve(self, client: socket.socket) -> None:
        client.settimeout(5)
        self.clients += 1
        if self.context:
            client = self.context.wrap_socket(client, server_side=True)
        with contextlib.suppress(TimeoutError):
            while said := client.recv(65536):
                self.heard.append(said)
                client.settimeout(0.5)


def send(client: socket.socket, number: int, packet: bytes) -> None:
    client.sendall(struct.pack("<I", len(packet))[:3] + bytes([number]) + packet)


def receive(client: socket.socket) -> tuple[int, bytes]:
    """The number and the content of a packet. ConnectionError at the end of the connection."""
    head = exactly(client, 4)
    return head[3], exactly(client, int.from_bytes(head[:3], "little"))


def exactly(client: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = client.recv(count - len(data))
        if not more:
            raise ConnectionError
        data += more
    return data


@contextlib.contextmanager
def squatting(
    address: str, port: int, context: ssl.SSLContext | None, kind: type[Squatter] = Squatter
) -> Iterator[Squatter]:
    """While the block runs. With a ``context`` it offers TLS."""
    squatter = kind(context)
    with socket.create_server((address, port)) as server:
        server.settimeout(0.2)

        def run(done: threading.Event) -> None:
            while not done.is_set():
                with contextlib.suppress(OSError):
                    client, _ = server.accept()
                    with client:
                        squatter.serve(client)

        with beside(run):
            yield squatter


@contextlib.contextmanager
def sharing(address: str, port: int, user: int) -> Iterator[tuple[int, str]]:
    """A process of this user that would share a port with whoever has it, while the block runs.

    Yields its process id, and why it cannot; empty if it listens.
    """
    fork = multiprocessing.get_context("fork")
    here, there = fork.Pipe()
    process = fork.Process(target=_share, args=(address, port, user, there), daemon=True)
    process.start()
    try:
        assert here.poll(20)
        yield process.pid, here.recv()
    finally:
        process.kill()
        process.join()


def _share(
    address: str, port: int, user: int, told: multiprocessing.connection.Connection
) -> None:
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        try:
            server.bind((address, port))
            server.listen()
        except OSError as error:
            told.send(str(error))
            return
        told.send("")
        told.poll(None)

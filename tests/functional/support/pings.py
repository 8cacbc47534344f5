"""Pings, from any namespace of the network."""

import contextlib
import ctypes
import dataclasses
import os
import pathlib
import socket
import struct
import threading
import time
from collections.abc import Iterator

from tests.functional.support.beside import beside

#: As in sched.h.
CLONE_NEWNET = 0x40000000
#: Seconds: between two, and for which an answer is waited for.
INTERVAL, PATIENCE = 0.05, 1.0
REQUEST, REPLY = 8, 0
#: Of the head of a packet, in bytes.
HEAD = 20


def enter(namespace: pathlib.Path) -> None:
    """This thread, and those that it starts, use another network from now on."""
    libc = ctypes.CDLL(None, use_errno=True)
    with namespace.open() as file:
        assert libc.setns(file.fileno(), CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())


@dataclasses.dataclass
class Pings:
    """How many were sent, and which were answered."""

    sent: int = 0
    #: The time before the first one, by the monotonic clock.
    began: float = 0.0
    answered: set[int] = dataclasses.field(default_factory=set)

    @property
    def lost(self) -> int:
        return self.sent - len(self.answered)


@contextlib.contextmanager
def pinging(address: str, namespace: pathlib.Path) -> Iterator[Pings]:
    """Ping an address from a namespace while the block runs."""
    pings = Pings()

    def work(done: threading.Event) -> None:
        enter(namespace)
        with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as wire:
            wire.connect((address, 0))
            due = pings.began = time.monotonic()
            while not done.is_set():
                pings.sent += 1
                with contextlib.suppress(OSError):  # there is no way, which is as good as lost
                    wire.send(_request(pings.sent))
                due += INTERVAL
                _take(wire, pings, due)
            _take(wire, pings, time.monotonic() + PATIENCE)

    with beside(work):
        yield pings


def _request(number: int) -> bytes:
    head = struct.pack("!BBHHH", REQUEST, 0, 0, os.getpid() & 0xFFFF, number)
    total = sum(struct.unpack("!4H", head))
    total = (total >> 16) + (total & 0xFFFF)
    total += total >> 16
    return struct.pack("!BBHHH", REQUEST, 0, ~total & 0xFFFF, os.getpid() & 0xFFFF, number)


def _take(wire: socket.socket, pings: Pings, until: float) -> None:
    while (left := until - time.monotonic()) > 0:
        wire.settimeout(left)
        try:
            kind, _, _, who, number = struct.unpack("!BBHHH", wire.recv(1500)[HEAD:HEAD + 8])
        except (OSError, struct.error):
            continue
        if kind == REPLY and who == os.getpid() & 0xFFFF:
            pings.answered.add(number)

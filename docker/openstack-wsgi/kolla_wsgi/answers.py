"""Answers that no client can make last: it takes them slowly at its own expense.

The router and the kernel take what is small at once, whoever it is for. Of a larger answer a
worker sends the rest as fast as the client takes it, and the time for that is limited. Answers
that are made while they are sent, like the content of an image, are transfers: the router has
workers of their own for them.
"""

import contextlib
import os
import socket
import threading
from collections.abc import Iterable, Iterator

#: Bytes that the router takes at once: less than its buffer (tune.bufsize).
AT_ONCE = 128 * 1024
#: Seconds in which a client has to read a larger answer; then its connection is closed.
LONGEST = 30


def bounded(answer: Iterable[bytes], connection: int) -> Iterable[bytes]:
    """The same answer, to be sent in time; ``connection`` is a file descriptor."""
    if isinstance(answer, list) and sum(map(len, answer)) > AT_ONCE:
        return _in_time(answer, connection)
    return answer


def _in_time(answer: list[bytes], connection: int) -> Iterator[bytes]:
    # A copy: when the time is up, another connection may already have the number of the file.
    with socket.socket(fileno=os.dup(connection)) as client:
        timer = threading.Timer(LONGEST, _hang_up, (client,))
        timer.start()
        try:
            yield from answer
        finally:
            timer.cancel()


def _hang_up(client: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it has just been closed
        client.shutdown(socket.SHUT_RDWR)

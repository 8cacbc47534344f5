"""kolla-prober: pings the service over the broker whenever kolla-check-worker asks it to.

It stays, with one connection, since a check runs often. It speaks AMQP itself: to import
oslo.messaging takes fifteen times as long and four times the memory. The ping is the call that an
RPC server of oslo.messaging answers where ``[DEFAULT] rpc_ping_enabled`` is on.
"""

import contextlib
import itertools
import json
import os
import socket
import ssl
import time
import urllib.parse
import uuid
from collections.abc import Callable, Iterable, Iterator

import amqp

from kolla_image.environment import get, require

SOCKET = "/run/kolla/prober.sock"
DEGRADED = 75
#: Seconds for a connection, for the broker to take a message, and for the service's answer:
#: together less than kolla-check-worker waits.
CONNECTS, TAKES, ANSWERS = 2, 2, 4
#: Seconds after the broker has been away in which a service need not be back: oslo.messaging
#: waits up to 30 between two attempts.
RETURNS = 60
#: What the broker is to blame for: it cannot be reached, takes nothing, or refuses.
TROUBLE = (OSError, amqp.AMQPError)
SILENCE = (TimeoutError, BlockingIOError)


def session(host: str, user: str, password: str, vhost: str) -> amqp.Connection:
    """A connection. Raises one of ``TROUBLE``."""
    connection = amqp.Connection(
        host, user, password, virtual_host=vhost, ssl=_tls(), confirm_publish=True,
        connect_timeout=CONNECTS, read_timeout=TAKES, write_timeout=TAKES,
    )
    connection.connect()
    return connection


class Broker:
    """A connection, with a queue of its own for answers. Raises one of ``TROUBLE``."""

    def __init__(self, host: str, user: str, password: str, vhost: str):
        self._connection = session(host, user, password, vhost)
        self._channel = self._connection.channel()
        self._answers = self._channel.queue_declare(exclusive=True).queue
        self._channel.basic_consume(self._answers, no_ack=True, callback=self._receive)
        self._channel.events["basic_return"].add(self._return)
        self._answered, self._returned = "", False

    def _receive(self, message: amqp.Message) -> None:
        self._answered = json.loads(json.loads(message.body)["oslo.message"])["_msg_id"]

    def _return(self, *_) -> None:
        self._returned = True

    def ping(self, queue: str) -> str:
        """Why the service that listens there is not well; empty if it has answered."""
        self._returned, id = False, uuid.uuid4().hex
        message = amqp.Message(
            _call(id, self._answers), content_type="application/json",
            content_encoding="utf-8", expiration=str(1000 * ANSWERS),
        )
        self._channel.basic_publish(
            message, routing_key=queue, mandatory=True, confirm_timeout=TAKES
        )
        if self._returned:
            return f"it does not listen to the broker: there is no queue {queue}"
        until = time.monotonic() + ANSWERS
        while self._answered != id:
            try:
                self._connection.drain_events(max(until - time.monotonic(), 0.01))
            except TimeoutError:
                return f"it does not answer within {ANSWERS} seconds over the broker"
        return ""

    def close(self) -> None:
        with contextlib.suppress(*TROUBLE):
            self._connection.collect()


class Prober:
    """Judges a service, and remembers whether the broker has been away."""

    def __init__(self, url: str, queue: str):
        self._places, self._queue = tuple(places(url)), queue
        self._broker: Broker | None = None
        self._away, self._back = False, float("-inf")

    def verdict(self) -> tuple[int, str]:
        """An exit code and, unless it is 0, the reason."""
        try:
            complaint = self._ping()
        except TROUBLE as error:
            self._hang_up()
            return DEGRADED, f"the broker cannot be used: {reason(error)}"
        since = time.monotonic() - self._back
        if complaint and since < RETURNS:
            return DEGRADED, f"the broker is back for {since:.0f} seconds, and {complaint}"
        return (1, complaint) if complaint else (0, "")

    def _ping(self) -> str:
        if self._broker:
            try:
                return self._broker.ping(self._queue)
            except SILENCE:
                raise
            except TROUBLE:  # it has hung up since the last check
                self._hang_up()
        self._broker = first(Broker, self._places)
        if self._away:
            self._away, self._back = False, time.monotonic()
        return self._broker.ping(self._queue)

    def _hang_up(self) -> None:
        self._away = True
        if self._broker:
            self._broker.close()
            self._broker = None


def places(url: str) -> Iterator[tuple[str, str, str, str]]:
    """Host with port, user, password and virtual host of each broker in a ``transport_url``."""
    parts = urllib.parse.urlsplit(url)
    vhost = urllib.parse.unquote(parts.path.removeprefix("/")) or "/"
    for place in parts.netloc.split(","):
        login, _, host = place.rpartition("@")
        user, _, password = map(urllib.parse.unquote, login.partition(":"))
        yield host, user, password, vhost


def first(connect: Callable, places: Iterable[tuple[str, ...]]):
    """A connection to the first of the places that works. Raises one of ``TROUBLE``."""
    *others, last = places
    for place in others:
        with contextlib.suppress(*TROUBLE):
            return connect(*place)
    return connect(*last)


def _tls() -> dict | bool:
    if (get("OS_OSLO_MESSAGING_RABBIT__SSL") or "").lower() != "true":
        return False
    authority = get("OS_OSLO_MESSAGING_RABBIT__SSL_CA_FILE")
    return {"ca_certs": authority, "cert_reqs": ssl.CERT_REQUIRED}


def _call(id: str, answers: str) -> str:
    """The message that oslo.messaging sends for a call, in its envelope."""
    call = {
        "method": "oslo_rpc_server_ping", "args": {}, "_msg_id": id, "_reply_q": answers,
        "_timeout": None, "_unique_id": id,
    }
    return json.dumps({"oslo.version": "2.0", "oslo.message": json.dumps(call)})


def reason(error: Exception) -> str:
    if isinstance(error, SILENCE):
        return "it does not answer in time"
    return " ".join(str(getattr(error, "strerror", None) or error).split())


def serve(listener: socket.socket, prober: Prober) -> None:
    """Answer the next question: exit code and reason, on one line."""
    asked, _ = listener.accept()
    with asked, contextlib.suppress(OSError):  # who asked has gone
        code, reason = prober.verdict()
        asked.sendall(f"{code} {reason}".encode())


def main() -> None:
    prober = Prober(require("OS_DEFAULT__TRANSPORT_URL"), require("KOLLA_RPC_QUEUE"))
    with contextlib.suppress(FileNotFoundError):
        os.unlink(SOCKET)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(SOCKET)
        listener.listen()
        for _ in itertools.count():
            serve(listener, prober)

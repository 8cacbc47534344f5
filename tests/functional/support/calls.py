"""Calls over the broker to a service, ten a second, and for how long nobody answers them."""

import contextlib
import dataclasses
import itertools
import json
import ssl
import threading
import time
import uuid
from collections.abc import Iterator

import amqp

from tests.functional.support.beside import beside
from tests.functional.support.cloud import Cloud

#: Seconds between two calls, and in which one is answered or forgotten.
INTERVAL, PATIENCE = 0.1, 30
PORT = 5672


@dataclasses.dataclass
class Calls:
    sent: int = 0
    #: When each answer came, in seconds.
    answers: list[float] = dataclasses.field(default_factory=list)

    @property
    def silence(self) -> float:
        """The longest time without an answer."""
        assert len(self.answers) > 1, "nobody answers"
        return max(later - earlier for earlier, later in itertools.pairwise(self.answers))


@contextlib.contextmanager
def calling(cloud: Cloud, queue: str) -> Iterator[Calls]:
    """Call the service that listens to a queue while the block runs.

    The block's end waits for an answer to a call that was sent after everything in it.
    """
    calls = Calls()

    def work(done: threading.Event) -> None:
        with connection(cloud, tls=cloud.scheme == "https") as broker:
            ask(broker.channel(), queue, calls, done)

    with beside(work):
        yield calls
    print(f"{calls.sent} calls of {queue}, longest silence {calls.silence:.2f} s")


def connection(cloud: Cloud, tls: bool) -> amqp.Connection:
    authority = cloud.certificates / "rabbitmq" / "authority.crt"
    verified = {"ca_certs": str(authority), "cert_reqs": ssl.CERT_REQUIRED}
    return amqp.Connection(
        f"{cloud.deployment.address}:{PORT}", "openstack", cloud.secrets()["messaging.password"],
        ssl=verified if tls else False,
    )


def ask(channel: amqp.Channel, queue: str, calls: Calls, done: threading.Event) -> None:
    """Until it is done, and one more call has been answered."""
    place = channel.queue_declare(exclusive=True).queue
    channel.basic_consume(
        place, no_ack=True, callback=lambda _: calls.answers.append(time.monotonic())
    )
    due, last, end = time.monotonic(), 0, float("inf")
    while not last or (len(calls.answers) < last and due < end):
        if done.is_set() and not last:
            last, end = len(calls.answers) + 1, due + PATIENCE
        channel.basic_publish(message(place), routing_key=queue)
        calls.sent += 1
        due += INTERVAL
        while (left := due - time.monotonic()) > 0:
            with contextlib.suppress(TimeoutError):
                channel.connection.drain_events(left)


def message(place: str) -> amqp.Message:
    """What oslo.messaging sends for a call of what each of its servers knows."""
    number = uuid.uuid4().hex
    call = {
        "method": "oslo_rpc_server_ping", "args": {}, "_msg_id": number, "_reply_q": place,
        "_timeout": None, "_unique_id": number,
    }
    body = {"oslo.version": "2.0", "oslo.message": json.dumps(call)}
    return amqp.Message(
        json.dumps(body), content_type="application/json", content_encoding="utf-8",
        expiration=str(1000 * PATIENCE),
    )

"""Removes the queues of a service that is called over the broker, once it has ended.

Those for answers, for calls to all hosts and of single processes expire by themselves after half
an hour.
"""

import amqp

from kolla_image.environment import fail, get, require
from kolla_image.prober import TROUBLE, first, places, reason, session


def remove(connection: amqp.Connection, queue: str, shared: str) -> None:
    """Remove its own queue, and the one of all hosts if none of them listens there."""
    connection.channel().queue_delete(queue)
    try:
        connection.channel().queue_delete(shared, if_unused=True, if_empty=True)
    except amqp.PreconditionFailed:
        pass  # another host listens, or will


def main() -> None:
    queue, host = require("KOLLA_RPC_QUEUE"), require("KOLLA_HOST")
    topics = [queue.removesuffix(f".{host}"), *(get("KOLLA_RPC_TOPICS") or "").split()]
    try:
        with first(session, places(require("OS_DEFAULT__TRANSPORT_URL"))) as connection:
            for topic in topics:
                remove(connection, f"{topic}.{host}", topic)
    except TROUBLE as error:
        fail(f"the broker cannot be used: {reason(error)}")
    print(f"gone: the queues of {', '.join(topics)} on this host")

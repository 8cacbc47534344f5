"""What happens to kolla's containers, as the engine tells it."""

import contextlib
import functools
from collections.abc import Iterator
from typing import Any

import docker

from kolla.backends.docker.connection import Connection
from kolla.plugin.reports import STARVED, Happenings, Unreachable

#: The events of the engine that may change the health of a container.
HAPPENINGS = ("start", "die", STARVED, "pause", "unpause", "destroy")


def happenings(engine: Connection) -> Happenings:
    """What happens to kolla's containers from now on."""
    filters = {"type": "container", "label": "kolla.container", "event": list(HAPPENINGS)}
    with engine.errors("does not tell what happens"):
        client = engine.connect(None)
        stream = client.events(filters=filters, decode=True)
    return Happenings(_told(engine, client, stream), functools.partial(_cut, stream))


def _told(
    engine: Connection, client: docker.APIClient, stream: Iterator[dict]
) -> Iterator[tuple[str, str]]:
    with contextlib.closing(client), engine.errors("does not tell what happens"):
        for event in stream:
            yield event["Actor"]["Attributes"]["kolla.container"], event["Action"]
    raise Unreachable(f"the Docker engine at {engine.url} has gone")


def _cut(stream: Any) -> None:
    with contextlib.suppress(AttributeError, OSError):  # it has just ended by itself
        stream.close()

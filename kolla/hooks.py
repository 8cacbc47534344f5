"""Events and who is told of them (entry points ``kolla.hooks``)."""

import dataclasses
import logging

LOG = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class Event:
    """Something that was done to a container, and how it ended."""

    #: UTC, ISO 8601.
    at: str
    #: The login name of who asked for it.
    who: str
    #: start, stop, restart, upgrade, rollback, delete, recover.
    action: str
    container: str
    generation: int | None
    #: done, failed, interrupted.
    outcome: str
    detail: str = ""


def log(event: Event) -> None:
    """Write the event to Python's logging: the hook that kolla ships."""
    LOG.info(
        "%s %s generation %s: %s %s",
        event.action, event.container, event.generation, event.outcome, event.detail,
    )

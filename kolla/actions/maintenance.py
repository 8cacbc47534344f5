"""Maintenance: the monitor still checks a container, and does not act on it."""

import datetime

from kolla.deployment import Deployment
from kolla.plugin import Container
from kolla.plugin.event import Event
from kolla.store.records import FOR_EVER, ActionOutcome, who
from kolla.times import now


def begin(deployment: Deployment, containers: list[Container], seconds: float | None) -> str:
    """Keep the monitor from acting on them for so many seconds; None: until :func:`end`.

    Returns until when, as ISO 8601 or ``FOR_EVER``.
    """
    until = FOR_EVER
    if seconds is not None:
        end = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=seconds)
        until = end.isoformat(timespec="seconds")
    _set(deployment, containers, until)
    return until


def end(deployment: Deployment, containers: list[Container]) -> None:
    """Let the monitor act on them again."""
    _set(deployment, containers, None)


def _set(deployment: Deployment, containers: list[Container], until: str | None) -> None:
    store = deployment.store
    for container in containers:
        record = store.container(container.name)
        if record.maintenance == until:
            continue
        detail = f"on, until {until}" if until and until != FOR_EVER else "on" if until else "off"
        with store.transaction():
            event = store.open_event("maintenance", container.name, record.serving, detail)
            store.update(container.name, maintenance=until)
            store.close_event(event, ActionOutcome.DONE, 0.0)
        above = "/".join(deployment.catalog.path(container.parent))
        deployment.hooks.tell(Event(
            now(), who(), "maintenance", container.name, above, record.serving, detail=detail
        ))

"""Announces changes of health: in the log, to the hooks, and as conditions to ask for."""

import logging
from collections.abc import Mapping

from kolla.deployment import Deployment
from kolla.health.conditions import (
    DEGRADED, FAILED, HEALTHY, MAINTENANCE, STARTING, UNHEALTHY, UNKNOWN, Condition,
)
from kolla.monitor.watched import Watched
from kolla.plugin.event import Event
from kolla.store.records import ABSENT, RUNNING, Record, who
from kolla.times import now

LOG = logging.getLogger(__name__)

#: Statuses that hooks are told of here; commands tell them of all others.
_TOLD = (HEALTHY, DEGRADED, UNHEALTHY)
_ALARMING = (UNHEALTHY, DEGRADED, FAILED)
_SAID = {
    FAILED: "has failed", MAINTENANCE: "is in maintenance", UNKNOWN: "could not be asked for long",
}


class Announcements:
    """The last known condition of every container and set of this host."""

    def __init__(self, deployment: Deployment):
        self._deployment = deployment
        self.conditions: dict[str, Condition] = {}
        self.sets: dict[str, str] = {}

    def statuses(self) -> dict[str, str]:
        return {name: condition.status for name, condition in self.conditions.items()}

    def tell(self, watched: Watched) -> bool:
        """Take over the condition of a container; returns whether its status changed."""
        status = watched.status
        changed = status != watched.told
        if changed:
            watched.since = now()
        self.conditions[watched.name] = condition = watched.condition()
        if changed and not (watched.told == "" and status == STARTING):
            self._say(watched.name, status, condition.detail)
            self._event(status, watched.name, watched.number, condition.detail)
        if watched.memory.flaps != watched.flapping:
            watched.flapping = watched.memory.flaps
            if watched.flapping:
                LOG.warning("%s flaps: %s", watched.name, watched.memory.of_late)
        watched.told = status
        return changed

    def lost(self, name: str, why: str) -> None:
        """Announce that a container cannot be watched."""
        condition = Condition(name, UNKNOWN, why)
        if self.conditions.get(name) != condition:
            LOG.error("%s is not watched: %s", name, why)
        self.conditions[name] = condition

    def tell_sets(self, found: Mapping[str, str]) -> None:
        """Announce sets whose status changed; the first status of a set is no news."""
        for name, status in found.items():
            before = self.sets.get(name)
            if status != before and before is not None:
                LOG.debug("the set %s is %s", name, status)
                self._event(status, None, None, "", name)
        self.sets = dict(found)

    def rest(self, records: Mapping[str, Record]) -> None:
        """Take over the conditions of containers that should not run now."""
        enabled = {container.name for container in self._deployment.settings.enabled()}
        for name in enabled | set(records):
            record = records.get(name, Record(name))
            if record.target != RUNNING:
                self.conditions.pop(name, None)
                if name in enabled or record.target != ABSENT:
                    self.conditions[name] = Condition(name, record.target)

    def _say(self, name: str, status: str, detail: str) -> None:
        level = logging.WARNING if status in _ALARMING else logging.INFO
        if status == STARTING:  # its log says why
            level = logging.DEBUG
        said = _SAID.get(status, f"is {status}")
        LOG.log(level, "%s %s%s", name, said, f": {detail}" if detail else "")

    def _event(
        self, status: str, container: str | None, number: int | None, detail: str, name: str = ""
    ) -> None:
        if status not in _TOLD:
            return
        catalog = self._deployment.catalog
        if container is not None:
            declared = catalog.containers.get(container)
            name = declared.parent if declared else ""
        path = "/".join(catalog.path(name)) if name in catalog.sets else name
        event = Event(now(), who(), status, container, path, number, detail=detail)
        self._deployment.hooks.tell(event)

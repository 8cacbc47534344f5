"""The state that all parts of the monitor share, and the view that others have of it."""

import contextlib
import logging
import shutil
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from kolla.deployment import Deployment
from kolla.errors import KollaError
from kolla.health.conditions import Condition, of_sets
from kolla.monitor import systemd
from kolla.monitor.announcements import Announcements
from kolla.monitor.expiry import Expiry
from kolla.monitor.loop import Loop, Threads
from kolla.monitor.metrics import Metrics
from kolla.monitor.view import Disk
from kolla.monitor.watched import Watched
from kolla.store.state_dir import StateDir
from kolla.times import now

LOG = logging.getLogger(__name__)

#: Seconds from a change of health until it is recorded.
SOON = 0.2
#: How many threads look at the engine.
LOOKS = 2


class Context:
    """The context of one deployment. Other threads may call only the methods of the view."""

    def __init__(self, deployment: Deployment, loop: Loop):
        self.deployment, self.loop = deployment, loop
        self.watched: dict[str, Watched] = {}
        self.announcements = Announcements(deployment)
        self.metrics = Metrics(self)
        self.metrics.registry.register(
            Expiry(self.conditions, StateDir(deployment.state_dir).generation)
        )
        value = deployment.settings.value
        #: Threads that run checks, threads that look at the engine without waiting for checks,
        #: one that measures, for which the engine takes its time, and threads that act.
        self.asking = Threads(value("monitor", "parallel"), "ask")
        self.looking = Threads(LOOKS, "look")
        self.measuring = Threads(1, "measure")
        self.acting = ThreadPoolExecutor(value("engine", "parallel"), "act")
        self._fresh: set[str] = set()
        self._writes_soon = False

    def close(self) -> None:
        """Let actions end, and record the last results."""
        systemd.alive_during(self.acting.shutdown)
        for pool in (self.asking, self.looking, self.measuring):
            pool.close()
        self.write()

    # The view of the endpoint and of Prometheus

    def conditions(self) -> Mapping[str, Condition]:
        """The condition of every container, by name."""
        return dict(self.announcements.conditions)

    def disk(self) -> Disk | None:
        """Bytes ``total``, ``used`` and ``free`` on the disk of the state; None if not known."""
        try:
            return shutil.disk_usage(self.deployment.state_dir)
        except OSError:
            return None

    def flaws(self) -> list[str]:
        """The places of what is wrong with the configuration: file and line, no folder."""
        invalid = self.deployment.configuration.invalid
        return [problem.place for problem in invalid.problems] if invalid else []

    def status_of_set(self, name: str) -> str | None:
        return self.announcements.sets.get(name)

    def sets(self) -> Mapping[str, list[str]]:
        """The names of the children of each set that exist on this host."""
        catalog, said = self.deployment.catalog, self.announcements
        known = {*said.conditions, *said.sets}
        return {
            name: [child.name for child in catalog.children(catalog.sets.get(name, catalog.root))
                   if child.name in known]
            for name in said.sets
        }

    # For the parts of the monitor

    def has(self, watched: Watched) -> bool:
        """Whether this generation is still the watched one."""
        return self.watched.get(watched.name) is watched

    def in_hands(self, name: str) -> bool:
        """Whether a command, or the monitor itself, is at work on a container."""
        watched = self.watched.get(name)
        return watched is not None and watched.busy or self.deployment.locks.held(name)

    def tell(self, watched: Watched) -> None:
        """Announce the status of a container, if it changed, and those of the sets above it."""
        if self.announcements.tell(watched):
            self.note(watched)
            self.tell_sets()
            if not self._writes_soon:
                self._writes_soon = True
                self.loop.after(SOON, self.write)

    def tell_sets(self) -> None:
        """Announce the sets whose status changed."""
        found = of_sets(self.deployment.catalog, self.announcements.statuses())
        self.announcements.tell_sets(found)

    def note(self, watched: Watched) -> None:
        """Record, with the next write, that a container was looked at."""
        watched.looked = now()
        self._fresh.add(watched.name)

    def publish(self) -> None:
        """Show readers the state, or take the copy away if there are none, in the background."""
        def done(error: Exception | None) -> None:
            if error:
                LOG.error("readers see an old state: %s", line(error))

        self.loop.background(self.looking, self.deployment.publish, done)

    def write(self) -> None:
        """Record all results since the last time, in one transaction."""
        self._writes_soon = False
        rows = [
            (name, one.memory.status, one.memory.detail, one.looked)
            for name in self._fresh if (one := self.watched.get(name)) and one.looked
        ]
        if rows:
            with contextlib.suppress(KollaError):  # the disk is full: an action will report it
                self.deployment.store.note_health(rows)
                self._fresh.clear()


def line(error: Exception) -> str:
    """An error on one line, for operators."""
    if isinstance(error, KollaError):
        return error.message
    return f"{type(error).__name__}: {error}"


def first_line(output: str) -> str:
    """The first line of the output of a check."""
    return (output.splitlines() or ["its check failed and said nothing"])[0][:300]


def clock() -> float:
    """Seconds of a clock that never jumps."""
    return time.monotonic()

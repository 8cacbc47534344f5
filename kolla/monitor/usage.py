"""Warns of containers near their limits, and of a disk of the state that is nearly full."""

import functools
import logging

from kolla.backends.instances import engine_name
from kolla.monitor.context import Context
from kolla.monitor.watched import Watched
from kolla.plugin import reports

LOG = logging.getLogger(__name__)

#: Seconds between two measurements.
PAUSE = 60
#: The share of a limit, or of the disk, at which the monitor warns.
NEAR = 0.9
#: The share below which it may warn again.
FAR = 0.8
MIB = 1 << 20


class Usage:
    """Asks the engine for the usage of containers, and warns once near a limit."""

    def __init__(self, context: Context):
        self._context = context
        #: How many measurements of containers are not there yet.
        self._awaited = 0
        #: Warnings given: the container or directory, and the resource.
        self._warned: set[tuple[str, str]] = set()

    def look(self) -> None:
        """Measure all watched containers, unless that still goes on, and the disk."""
        backend, state_dir = self._context.deployment.backend, self._context.deployment.state_dir
        for watched in () if self._awaited else self._context.watched.values():
            name = engine_name(watched.name, watched.number)
            self._awaited += 1
            self._context.loop.background(
                self._context.measuring, functools.partial(backend.usage, name),
                functools.partial(self._seen, watched),
            )
        if disk := self._context.disk():
            self._judge(str(state_dir), "disk", disk.used, disk.used + disk.free)

    def _seen(self, watched: Watched, found: reports.Usage | None | Exception) -> None:
        self._awaited -= 1
        if found is None or isinstance(found, Exception) or not self._context.has(watched):
            return  # an engine that is away is reported elsewhere
        watched.usage, limits = found, watched.spec.limits
        self._judge(watched.name, "memory", found.memory, limits.get("memory"))
        self._judge(watched.name, "pids", found.pids, limits.get("pids"))
        self._context.tell(watched)

    def _judge(self, name: str, what: str, used: int, limit: float | None) -> None:
        share = used / limit if limit else 0
        if limit and share >= NEAR and (name, what) not in self._warned:
            self._warned.add((name, what))
            LOG.warning("%s", _warning(name, what, used, limit))
        elif share < FAR:
            self._warned.discard((name, what))


def _warning(name: str, what: str, used: int, limit: float) -> str:
    if what == "pids":
        most = f"{limit:.0f} processes and threads it may have"
        return f"{name} has {used} of the {most}: [limits] pids"
    sizes = f"{used / MIB:.0f} of {limit / MIB:.0f} MiB"
    if what == "memory":
        return f"{name} uses {sizes} of memory: [limits] memory"
    return f"the disk of {name} has {sizes} in use: nothing can be changed once it is full"

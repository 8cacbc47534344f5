"""How near containers are to their limits, and the state directory to a full disk."""

import functools
import logging

from kolla.backends.instances import engine_name
from kolla.monitor.context import Context
from kolla.monitor.watched import Watched

LOG = logging.getLogger(__name__)

#: Seconds between two looks.
PAUSE = 60
#: The share of a limit, or of the disk, from which on a warning is due, and below which the
#: next one is.
NEAR, FAR = 0.9, 0.8
MIB = 1 << 20


class Usage:
    """Asks the engine, and warns once of what comes near a limit."""

    def __init__(self, context: Context):
        self._context = context
        #: What was warned of: container or directory, and what of it.
        self._warned: set[tuple[str, str]] = set()

    def look(self) -> None:
        """At all containers under watch, and at the disk."""
        backend, state_dir = self._context.deployment.backend, self._context.deployment.state_dir
        for watched in self._context.watched.values():
            name = engine_name(watched.name, watched.number)
            self._context.loop.background(
                self._context.looking, functools.partial(backend.usage, name),
                functools.partial(self._seen, watched),
            )
        if disk := self._context.disk():
            self._judge(str(state_dir), "disk", disk.used, disk.used + disk.free)

    def _seen(self, watched: Watched, found) -> None:
        if found is None or isinstance(found, Exception) or not self._context.has(watched):
            return  # an engine that has gone is reported elsewhere
        watched.usage, limits = found, watched.spec.limits
        self._judge(watched.name, "memory", found.memory, limits.get("memory"))
        self._judge(watched.name, "pids", found.pids, limits.get("pids"))
        self._context.tell(watched)

    def _judge(self, name: str, what: str, used: int, limit: int | None) -> None:
        share = used / limit if limit else 0
        if share >= NEAR and (name, what) not in self._warned:
            self._warned.add((name, what))
            LOG.warning("%s", _warning(name, what, used, limit))
        elif share < FAR:
            self._warned.discard((name, what))


def _warning(name: str, what: str, used: int, limit: int) -> str:
    if what == "pids":
        return f"{name} has {used} of the {limit} processes and threads it may have: [limits] pids"
    sizes = f"{used / MIB:.0f} of {limit / MIB:.0f} MiB"
    if what == "memory":
        return f"{name} uses {sizes} of memory: [limits] memory"
    return f"the disk of {name} has {sizes} in use: nothing can be changed once it is full"

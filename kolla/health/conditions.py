"""The health of containers, and of the sets above them."""

import dataclasses
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kolla.catalog.catalog import Catalog, Node
    from kolla.plugin.reports import Usage

HEALTHY, DEGRADED, UNHEALTHY, FAILED = "healthy", "degraded", "unhealthy", "failed"
STARTING, MAINTENANCE, PAUSED, UNKNOWN = "starting", "maintenance", "paused", "unknown"
STOPPED, ABSENT = "stopped", "absent"

#: Every status that a container or a set can have.
STATUSES = (
    HEALTHY, STARTING, MAINTENANCE, DEGRADED, PAUSED, UNKNOWN, UNHEALTHY, FAILED, STOPPED, ABSENT,
)
#: Statuses in which a container serves nobody, whether it should or not.
_DOWN = (UNHEALTHY, FAILED, PAUSED, UNKNOWN, STOPPED, ABSENT)


@dataclasses.dataclass(frozen=True)
class Condition:
    """The health of one container as the monitor sees it."""

    container: str
    status: str
    #: On one line: why it is not healthy, and what happens next.
    detail: str = ""
    generation: int | None = None
    #: When it got its status; UTC, ISO 8601.
    since: str = ""
    #: When its check last ended; UTC, ISO 8601. None: it never ran.
    checked: str | None = None
    #: Seconds its last check took.
    seconds: float = 0.0
    #: Restarts within the last hour, by the engine or by the monitor.
    restarts: int = 0
    #: When its generation was committed; UTC, ISO 8601.
    committed: str | None = None
    #: Whether that generation is in its probation.
    probation: bool = False
    #: Where the status is unknown: whether it was healthy when the engine fell silent.
    trusted: bool = False
    #: Its use when the monitor last measured it, and its limits by name.
    usage: "Usage | None" = None
    limits: Mapping[str, float] = dataclasses.field(default_factory=dict)
    #: When the Debian packages of its image were fetched; UTC, ISO 8601. None: not known.
    packages: str | None = None
    #: What it runs: ``release``, ``version`` of the software, and ``image``.
    runs: Mapping[str, str] = dataclasses.field(default_factory=dict)
    #: The release or image that it keeps, whatever the configuration says, and since when.
    pin: str | None = None
    pinned: str | None = None

    @property
    def serves(self) -> bool:
        """Whether load balancers may go on sending requests to it.

        An engine that hangs takes no service away. If it did, a fault of the engine that hits
        all hosts at once would end the service on all of them.
        """
        return self.status == HEALTHY or self.status == UNKNOWN and self.trusted


def of_set(statuses: Collection[str]) -> str:
    """The health of a set, from the statuses of its children.

    A set is healthy if all children are; stopped or absent if none of them should serve;
    unhealthy if none serves; degraded if some do not; else in maintenance, or starting.
    """
    found = set(statuses)
    if found <= {HEALTHY, ABSENT} and len(found) < 2:
        return min(found, default=ABSENT)
    if found <= {STOPPED, ABSENT}:
        return STOPPED
    if found <= set(_DOWN):
        return UNHEALTHY
    if found & {DEGRADED, *_DOWN}:
        return DEGRADED
    return MAINTENANCE if MAINTENANCE in found else STARTING


def of_sets(catalog: "Catalog", statuses: Mapping[str, str]) -> dict[str, str]:
    """The health of every set above these containers, computed from the leaves up."""
    found: dict[str, str] = {}

    def of(node: "Node") -> str | None:
        if node.name not in catalog.sets and node is not catalog.root:
            return statuses.get(node.name)
        below = [status for child in catalog.children(node) if (status := of(child))]
        if not below:
            return None
        found[node.name] = of_set(below)
        return found[node.name]

    of(catalog.root)
    return found

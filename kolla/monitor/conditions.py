"""How containers are, and what that makes of the sets above them."""

import dataclasses
from collections.abc import Collection

HEALTHY, DEGRADED, UNHEALTHY, FAILED = "healthy", "degraded", "unhealthy", "failed"
STARTING, MAINTENANCE, PAUSED, UNKNOWN = "starting", "maintenance", "paused", "unknown"
STOPPED, ABSENT = "stopped", "absent"

#: All a container or a set can be said to be.
STATUSES = (
    HEALTHY, STARTING, MAINTENANCE, DEGRADED, PAUSED, UNKNOWN, UNHEALTHY, FAILED, STOPPED, ABSENT,
)
#: What does not serve, and should.
ILL = (UNHEALTHY, FAILED, PAUSED, UNKNOWN)
#: What nobody wants to run has no say.
SILENT = (STOPPED, ABSENT)


@dataclasses.dataclass(frozen=True)
class Condition:
    """How one container is, as the monitor sees it."""

    container: str
    status: str
    #: On one line: why it is not healthy, and what happens next.
    detail: str = ""
    generation: int | None = None
    #: When it became what it is; UTC, ISO 8601.
    since: str = ""
    #: When its check last ended; UTC, ISO 8601. None: never.
    checked: str | None = None
    #: Seconds its last check took.
    seconds: float = 0.0
    #: Restarts within the last hour, by the engine or by the monitor.
    restarts: int = 0
    #: When its generation was committed; UTC, ISO 8601.
    committed: str | None = None
    #: Whether that generation is rolled back if it turns unhealthy.
    probation: bool = False


def of_set(statuses: Collection[str]) -> str:
    """The health of a set from that of the sets and containers right below it.

    What is stopped on purpose has no say. Healthy if all are; unhealthy if none serves;
    degraded if some do not; else in maintenance, or starting.
    """
    heard = [status for status in statuses if status not in SILENT]
    if not heard:
        return STOPPED if STOPPED in statuses else ABSENT
    if all(status == HEALTHY for status in heard):
        return HEALTHY
    if all(status in ILL for status in heard):
        return UNHEALTHY
    if any(status in ILL or status == DEGRADED for status in heard):
        return DEGRADED
    return MAINTENANCE if MAINTENANCE in heard else STARTING

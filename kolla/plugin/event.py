"""What hooks are told."""

import dataclasses

KINDS = (
    "started", "stopped", "restarted", "upgraded", "rolled back", "deleted", "confirmed",
    "recovered", "task run", "healthy", "unhealthy", "degraded", "failed", "maintenance",
)


@dataclasses.dataclass(frozen=True)
class Event:
    """What was done to a container or a set, or attempted."""

    #: UTC, ISO 8601.
    at: str
    #: The login name of who asked for it, or the monitor.
    who: str
    #: One of ``KINDS``.
    kind: str
    #: None where it is the set as a whole.
    container: str | None
    #: The sets above the container, or down to this set, joined with ``/``.
    set: str
    generation: int | None = None
    #: done, failed, interrupted.
    outcome: str = "done"
    #: On one line, without secrets.
    detail: str = ""

    def __str__(self) -> str:
        generation = f" generation {self.generation}" if self.generation is not None else ""
        outcome = f" ({self.outcome})" if self.outcome != "done" else ""
        detail = f": {self.detail}" if self.detail else ""
        return f"{self.container or f'set {self.set}'}{generation} {self.kind}{outcome}{detail}"

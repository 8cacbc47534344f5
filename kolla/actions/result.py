"""What became of one container."""

import dataclasses

from kolla.store.records import ActionOutcome


@dataclasses.dataclass(frozen=True)
class Result:
    """What became of one container."""

    container: str
    outcome: ActionOutcome
    #: The generation that counted before, and the one that counts now.
    before: int | None
    after: int | None
    reason: str = ""
    seconds: float = 0.0
    #: Seconds in which nothing served; 0 for a handover.
    unavailable: float = 0.0
    #: The check's output and the last log lines of what failed.
    evidence: str = ""
    #: Whether it failed by itself, not for an engine that was away or a lock that was taken.
    tried: bool = False
    #: What its tasks warned of.
    warnings: tuple[str, ...] = ()

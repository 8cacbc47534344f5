"""What became of one container."""

import dataclasses

from kolla.store.records import ActionOutcome


@dataclasses.dataclass(frozen=True)
class Result:
    """What became of one container."""

    container: str
    outcome: ActionOutcome
    #: The generation that was current before the request.
    before: int | None
    #: The generation that is current now.
    after: int | None
    reason: str = ""
    seconds: float = 0.0
    #: Seconds in which nothing served; 0 after a handover.
    unavailable: float = 0.0
    #: The check's output and the last log lines of what failed.
    evidence: str = ""
    #: Whether the container itself failed, not the engine, and not another command with its lock.
    tried: bool = False
    #: The warnings of its tasks.
    warnings: tuple[str, ...] = ()

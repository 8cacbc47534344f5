"""What the monitor remembers of one generation of a container, without I/O.

All times are seconds of a clock that never jumps.
"""

import collections
import dataclasses
import itertools

from kolla.health.conditions import STARTING

HOUR = 3600
#: How many of the last checks count for flapping.
ROUND = 10
#: How often checks must begin to fail among these for a container to flap.
FLAPS = 3


@dataclasses.dataclass
class Memory:
    """The memory of one generation of a container."""

    generation: int
    started: float
    status: str = STARTING
    since: float = 0.0
    detail: str = ""
    #: Failed checks in a row.
    failures: int = 0
    failing_since: float | None = None
    #: Checks in a row that ended with exit code 75: it works, but is of little use.
    strains: int = 0
    #: When a check last passed, and when one last said anything.
    passed: float | None = None
    answered: float | None = None
    #: Whether a check has passed, or ended with 75 after the grace, since its start.
    awake: bool = False
    restarts: list[float] = dataclasses.field(default_factory=list)
    not_before: float = 0.0
    given_up: bool = False
    #: Where the status is unknown: whether it was healthy when the engine fell silent.
    trusted: bool = False
    #: When the engine restarted this generation through no fault of what it requires.
    deaths: list[float] = dataclasses.field(default_factory=list)
    #: The first of these restarts since a check passed.
    dying_since: float | None = None
    #: When it was ended for its use of memory within the last hour, though checks had passed.
    starvations: list[float] = dataclasses.field(default_factory=list)
    answers: collections.deque = dataclasses.field(
        default_factory=lambda: collections.deque(maxlen=ROUND)
    )

    def become(self, status: str, detail: str, now: float) -> None:
        if status != self.status:
            self.since = now
        self.status, self.detail = status, detail

    def begin(self, now: float) -> None:
        """Its process is new."""
        self.started, self.awake = now, False
        self.unfailing()
        self.answers.clear()

    def unfailing(self) -> None:
        """Reset the counts of failed checks in a row."""
        self.failures, self.failing_since, self.strains = 0, None, 0

    def die(self, times: int, now: float) -> None:
        """Count restarts by the engine."""
        if self.dying_since is None:
            self.dying_since = now
        self.deaths += [now] * times
        self.restarts += [now] * times

    def starve(self, times: int, now: float) -> int:
        """Count ends for a lack of memory; returns how many there were within the hour."""
        self.starvations = [at for at in self.starvations if at > now - HOUR] + [now] * times
        return len(self.starvations)

    def excuse(self) -> None:
        """Forget its last restarts: what it requires was at fault, not the container."""
        if self.dying_since is not None:
            excused = [at for at in self.deaths if at >= self.dying_since]
            self.deaths = [at for at in self.deaths if at < self.dying_since]
            for at in excused:  # and no restart by the monitor at the same time
                if at in self.restarts:
                    self.restarts.remove(at)
            self.dying_since = None

    def within_the_hour(self, now: float) -> int:
        self.restarts = [at for at in self.restarts if at > now - HOUR]
        return len(self.restarts)

    @property
    def flaps(self) -> bool:
        """Whether its checks keep changing between passing and failing."""
        pairs = itertools.pairwise([True, *self.answers])
        return sum(before and not after for before, after in pairs) >= FLAPS

    @property
    def of_late(self) -> str:
        return f"{self.answers.count(False)} of its last {len(self.answers)} checks failed"

"""A watched container: its record, its memory, and the timer of its next check."""

import dataclasses

from kolla.health.conditions import HEALTHY, MAINTENANCE, Condition
from kolla.health.rules import Rules
from kolla.monitor.memory import Memory
from kolla.plugin.reports import Usage
from kolla.plugin.spec import Spec
from kolla.store.records import Generation, Record
from kolla.times import age


@dataclasses.dataclass
class Watched:
    """The current generation of a container, while the monitor watches it."""

    record: Record
    generation: Generation
    spec: Spec
    rules: Rules
    memory: Memory
    #: Seconds from its commit to the end of its probation.
    probation: float = 0.0
    #: How often the engine had restarted it at the last look; None: there was no look yet.
    engine_restarts: int | None = None
    started_at: str = ""
    #: When the Debian packages of its image were fetched; UTC, ISO 8601.
    packages: str | None = None
    #: When the kernel last killed a process in it for its memory; seconds of the monitor's clock.
    starved: float | None = None
    #: Whether its check is running.
    asked: bool = False
    #: Whether the monitor is acting on it.
    busy: bool = False
    #: Whether a rollback of this generation was refused or failed.
    no_way_back: bool = False
    #: When its check last ended, and when the monitor last saw it in any way; UTC, ISO 8601.
    checked: str | None = None
    looked: str | None = None
    seconds: float = 0.0
    usage: Usage | None = None
    since: str = ""
    #: The status that was last announced.
    told: str = ""
    flapping: bool = False
    #: Whether its record was lost, and recovery was asked to restore it.
    lost: bool = False
    #: The entry of its next check among the timers.
    timer: object = None

    @property
    def name(self) -> str:
        return self.record.name

    @property
    def number(self) -> int:
        return self.generation.number

    @property
    def command(self) -> tuple[str, ...]:
        return self.spec.check.command

    @property
    def status(self) -> str:
        return MAINTENANCE if self.record.in_maintenance() else self.memory.status

    @property
    def on_probation(self) -> bool:
        """Whether it is in its probation.

        A generation that a rollback made is not: rolling it back would lead to the oldest.
        """
        made = self.generation
        proven = self.no_way_back or made.confirmed or made.cause.startswith("rollback")
        return not proven and age(made.committed) < self.probation

    def condition(self) -> Condition:
        detail = self.memory.detail
        if self.record.in_maintenance():
            detail = "; ".join(filter(None, (f"until {self.record.maintenance}", detail)))
        return Condition(
            self.name, self.status, detail, self.number, self.since, self.checked, self.seconds,
            len(self.memory.restarts), self.generation.committed, self.on_probation,
            self.memory.trusted, self.usage, self.spec.limits, self.packages,
            runs={"release": self.spec.release, "version": self.spec.version,
                  "image": self.spec.image},
            pin=self.record.pin, pinned=self.record.pinned_at,
        )


def recall(record: Record, number: int, rules: Rules, now: float) -> Memory:
    """The memory that the record preserves: its health if that is recent enough, its restarts,
    and whether it was given up.
    """
    memory = Memory(number, started=now, since=now)
    if record.health == HEALTHY and age(record.health_at) < rules.patience:
        memory.status, memory.awake = HEALTHY, True
        memory.passed = memory.answered = now - age(record.health_at)
    memory.restarts = [now - age(at) for at in record.restarts]
    memory.given_up = record.failed is not None
    return memory

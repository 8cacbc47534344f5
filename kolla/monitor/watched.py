"""A container under watch: what is recorded of it, what is remembered, when it is asked next."""

import dataclasses
import datetime
import time

from kolla.check import check_of
from kolla.monitor.conditions import HEALTHY, MAINTENANCE, Condition
from kolla.monitor.judge import Memory, Rules
from kolla.records import Generation, Record
from kolla.settings import Settings
from kolla.spec import Spec


@dataclasses.dataclass
class Watched:
    """Its current generation."""

    record: Record
    generation: Generation
    spec: Spec
    rules: Rules
    memory: Memory
    #: Seconds from its commit in which it has to prove itself.
    probation: float = 0.0
    #: How often the engine had restarted it when it was last looked at; None: not yet.
    engine_restarts: int | None = None
    started_at: str = ""
    #: When something in it was killed for its use of memory; seconds of the monitor's clock.
    starved: float | None = None
    #: Whether its check is running.
    asked: bool = False
    #: Whether something is being done about it.
    in_care: bool = False
    #: Whether a rollback of this generation was refused or failed.
    no_way_back: bool = False
    #: When its check last ended, and when it was last looked at in any way; UTC, ISO 8601.
    checked: str | None = None
    looked: str | None = None
    seconds: float = 0.0
    since: str = ""
    #: The status that was last told.
    told: str = ""
    flapping: bool = False
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
        return tuple(self.spec.check["command"])

    @property
    def status(self) -> str:
        return MAINTENANCE if self.record.in_maintenance() else self.memory.status

    @property
    def on_probation(self) -> bool:
        """Whether it has yet to prove itself.

        What a rollback made has not: to roll that back would end with the oldest.
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
        )


def rules_for(spec: Spec, settings: Settings) -> Rules:
    check = check_of(spec, settings)
    return Rules(
        check["interval"], check["timeout"], check["retries"], check["grace"],
        min(settings.value("monitor", "retry_pause"), check["interval"]),
        settings.value("monitor", "restarts_per_hour"),
        settings.value("monitor", "backoff"), settings.value("monitor", "backoff_max"),
    )


def recall(record: Record, number: int, rules: Rules, now: float) -> Memory:
    """What is on record from before it was watched: how it was, as long as that is worth
    anything, how often it was restarted, and that it has failed.
    """
    memory = Memory(number, started=now, since=now)
    if record.health == HEALTHY and age(record.health_at) < rules.patience:
        memory.status, memory.awake, memory.passed = HEALTHY, True, now - age(record.health_at)
    memory.restarts = [now - age(at) for at in record.restarts]
    memory.given_up = record.failed is not None
    return memory


def age(at: str) -> float:
    """Seconds since a time (UTC, ISO 8601); a clock that was put back makes it no younger."""
    past = datetime.datetime.now(datetime.UTC) - datetime.datetime.fromisoformat(at)
    return max(0.0, past.total_seconds())


def up_for(started_at: str) -> float:
    """Seconds since a container was started: no more than this machine is up, however far its
    clock has jumped since, as it does where it is set after the boot.
    """
    return min(age(started_at), time.clock_gettime(time.CLOCK_BOOTTIME))


def ago(seconds: float) -> str:
    """The time so many seconds ago; UTC, ISO 8601."""
    then = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=seconds)
    return then.isoformat(timespec="milliseconds")

"""Plans, and the state they are made from."""

import dataclasses
import enum
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kolla.catalog.releases import ANY
from kolla.plans.differences import Difference
from kolla.plugin import Releases, Strategy
from kolla.plugin.reports import Observed
from kolla.plugin.spec import Spec
from kolla.store.records import Generation, Record


class Kind(enum.StrEnum):
    """What a request can ask for."""

    START = "start"
    STOP = "stop"
    RESTART = "restart"
    UPGRADE = "upgrade"
    ROLLBACK = "rollback"
    CONFIRM = "confirm"
    DELETE = "delete"
    RECOVER = "recover"
    TASK = "task"
    # Only the monitor asks for these.
    REVIVE = "revive"
    GIVE_UP = "give up"


class Do(enum.StrEnum):
    """What one operation does."""

    #: Record the next generation, with its number.
    RECORD = "record"
    CREATE = "create"
    # Run a one-shot task of a phase.
    BOOTSTRAP = "bootstrap"
    VERIFY = "verify"
    DUMP = "dump"
    EXPAND = "expand"
    CONTRACT = "contract"
    BEFORE_ROLLBACK = "before-rollback"
    FAREWELL = "farewell"
    TEARDOWN = "teardown"
    ON_DEMAND = "on-demand"
    START = "start"
    #: Run its check until that passes.
    CHECK = "check"
    #: Have it take its public address, or take over the work.
    JOIN = "join"
    #: Record that a generation is the current one from now on.
    COMMIT = "commit"
    #: Have the engine keep it running, also after a power cut.
    KEEP = "keep"
    #: Have the engine leave it stopped until an operator starts it.
    PARK = "park"
    #: Have the engine never start it by itself.
    RELEASE = "release"
    DRAIN = "drain"
    #: Have a dependant hold its requests while a container that it requires is replaced.
    HOLD = "hold"
    #: Have it let the held requests go on.
    RESUME = "resume"
    STOP = "stop"
    REMOVE = "remove"
    REMOVE_TASK = "remove-task"
    #: Take away the name that protects the image of a generation.
    FORGET = "forget"
    CONFIRM = "confirm"
    #: Record the release or image that it stays with.
    PIN = "pin"
    #: Record that the monitor has given it up.
    FAIL = "fail"
    #: Delete its volumes.
    ERASE = "erase"
    # Record what an operator asked for.
    WANT_RUNNING = "want-running"
    WANT_STOPPED = "want-stopped"
    WANT_ABSENT = "want-absent"
    WANT_ERASED = "want-erased"
    #: Record that nothing is left to do.
    SETTLE = "settle"


@dataclasses.dataclass(frozen=True)
class Operation:
    """One step: one call of the backend or one write to the store."""

    kind: Do
    container: str
    generation: int | None = None
    cause: str = ""
    #: The name of the task that it runs, if it runs one.
    task: str = ""

    @property
    def number(self) -> int:
        """The generation it is about; ValueError if it is about the container as a whole."""
        if self.generation is None:
            raise ValueError(f"{self.kind} is about no generation of {self.container}")
        return self.generation

    def __str__(self) -> str:
        name = self.container
        target = f"{name}-g{self.generation}" if self.generation is not None else name
        words = [self.kind, target, self.task]
        text = " ".join(word for word in words if word)
        return f"{text}: {self.cause}" if self.cause else text


@dataclasses.dataclass(frozen=True)
class Plan:
    """Ordered operations for one container, and why."""

    container: str
    action: Kind
    operations: tuple[Operation, ...] = ()
    reasons: tuple[str, ...] = ()
    #: What the next generation is to run, if the plan makes one.
    spec: Spec | None = None
    #: ``release_pin``, ``image_pin`` and ``pinned_by``, written with the commit, or by ``pin``.
    pins: Mapping[str, str | None] = dataclasses.field(default_factory=dict)
    #: The current generation before the plan.
    before: int | None = None
    #: The current generation after it.
    after: int | None = None
    #: Why there is no plan.
    blocked: str = ""
    #: What the monitor saw that made it act.
    evidence: str = ""
    #: Why it does not follow the configuration: it is pinned, or left over.
    held: str = ""
    #: The containers whose plans have to end just before this one begins.
    begins_after: tuple[str, ...] = ()
    #: By operation before the commit: the operations that undo it.
    undo: Mapping[Operation, tuple[Operation, ...]] = dataclasses.field(default_factory=dict)
    #: The differences among the reasons, with their values.
    changes: tuple[Difference, ...] = ()
    #: The generations that are dropped from the records when the next one is recorded.
    outdated: tuple[int, ...] = ()

    def way_back(self, begun: Sequence[Operation]) -> tuple[Operation, ...]:
        """The operations that undo these, the last one first."""
        return tuple(step for done in reversed(begun) for step in self.undo.get(done, ()))

    def relief(self, begun: Sequence[Operation]) -> tuple[Operation, ...]:
        """The operations that let requests go on that one of these has held."""
        resumed = [
            dataclasses.replace(done, kind=Do.RESUME)
            for done in reversed(begun) if done.kind is Do.HOLD
        ]
        return tuple(step for step in resumed if step not in begun)

    def __str__(self) -> str:
        if self.blocked:
            return f"{self.container}: cannot be done: {self.blocked}"
        held = [f"  {self.held}"] if self.held else []
        if not self.operations:
            return "\n".join([f"{self.container}: nothing to do", *held])
        step = f"generation {self.before or 'none'} -> {self.after}"
        lines = [f"{self.container}: {self.action}" + (f", {step}" if self.spec else ""), *held]
        lines += [f"  because {reason}" for reason in self.reasons]
        if self.begins_after:
            lines.append(f"  begins after {', '.join(self.begins_after)}")
        lines += [f"  [{i}] {operation}" for i, operation in enumerate(self.operations, 1)]
        return "\n".join(lines)


@dataclasses.dataclass(frozen=True)
class State:
    """What is recorded and observed of one container."""

    record: Record
    generations: Mapping[int, Generation]
    #: By generation; with restart policies only if each was inspected.
    observed: Mapping[int, Observed]
    #: One-shot tasks that are still on the engine.
    tasks: tuple[Observed, ...] = ()
    #: The highest number ever given.
    highest: int = 0
    #: How many earlier generations keep their image.
    keep: int = 5
    #: How many generations stay on record, whether they keep their image or not.
    keep_history: int = 50
    #: (container, generation) of each dependant that runs and can hold its requests; whatever
    #: requires a dependant stands before it.
    dependants: tuple[tuple[str, int], ...] = ()
    #: By generation that has ended: the processes that still live in its file system.
    in_use: Mapping[int, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    #: Whether the current generation may have drained since it was started: then it takes no more
    #: work.
    drained: bool = False
    #: The order of the releases.
    releases: Releases = ANY

    @property
    def name(self) -> str:
        return self.record.name

    @property
    def current(self) -> int | None:
        return self.record.current

    def running(self, number: int | None) -> bool:
        seen = self.observed.get(number) if number is not None else None
        return seen is not None and seen.running

    def spec(self, number: int | None) -> Spec:
        """What a generation runs; KeyError if that is not on record."""
        if number is None:
            raise KeyError(f"{self.name} has no generation")
        return self.generations[number].snapshot

    def strategy(self, number: int) -> Strategy:
        """How a generation is replaced; REPLACE for one that is not on record."""
        return self.spec(number).strategy if number in self.generations else Strategy.REPLACE

    def outlived(self, number: int) -> bool:
        """Whether processes of a generation may go on after it has ended."""
        return number in self.generations and bool(self.spec(number).outlived_by)

    @property
    def tears_down(self) -> bool:
        """Whether the current generation has tasks that clean up in other services."""
        known = self.generations.get(self.current or 0)
        return known is not None and bool(known.snapshot.tasks.get("teardown"))

    @property
    def committed_before(self) -> list[int]:
        """The generations that were current once and no longer are, the oldest first."""
        return sorted(
            number for number, generation in self.generations.items()
            if generation.committed and number != self.current
        )

    def plan(
        self, action: Kind, operations: Iterable[Operation] = (), **details: Any
    ) -> Plan:
        """A plan that makes no generation; without operations nothing is to be done."""
        return Plan(
            self.name, action, tuple(operations), before=self.current, after=self.current,
            **details,
        )

    def operation(
        self, kind: Do, number: int | None = None, cause: str = "", task: str = ""
    ) -> Operation:
        return Operation(kind, self.name, number, cause, task)

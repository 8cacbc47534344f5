"""Random commands, cut short at random operations, against a model of the engine.

The model knows only what each kind of operation does. It stands for no Docker: the real
engine is put through the same in the functional tests.
"""

import dataclasses

from hypothesis import given, settings
from hypothesis import strategies as st

from kolla.plans import converge, planner
from kolla.plans.change import change
from kolla.plans.plan import Operation, Plan, State
from kolla.plugin.reports import ALWAYS, NEVER, STOPPED, Observed
from kolla.store.records import ABSENT, RUNNING, Generation, Record
from tests.unit.support.factory import make_generation, make_spec


class World:
    """The store and the engine of one container, in memory."""

    def __init__(self, strategy: str):
        self.strategy = strategy
        self.record = Record("web")
        self.generations: dict[int, Generation] = {}
        self.engine: dict[int, Observed] = {}
        self.numbers: list[int] = []
        self.data = False
        #: Whether requests to a dependant wait.
        self.held = False
        #: Those that were told to join, and do so by themselves when they are started again.
        self.joined: set[int] = set()
        #: Those that take no more work until they are started again.
        self.drained: set[int] = set()
        #: Those that are dropped from the records with the next one.
        self.outdated: tuple[int, ...] = ()

    def spec(self):
        drain = [] if self.strategy == "replace" else ["kolla-drain"]
        return make_spec(strategy=self.strategy, drain=drain,
                         environment={"COUNT": str(len(self.numbers))})

    def state(self) -> State:
        return State(self.record, dict(self.generations), dict(self.engine),
                     highest=self.record.last_number, dependants=(("dependant", 1),),
                     drained=self.record.current in self.drained, keep=2, keep_history=3)

    def intend(self, command: str) -> Plan:
        made = self._intend(command)
        self.outdated = made.outdated
        return made

    def _intend(self, command: str) -> Plan:
        state = self.state()
        if command == "start":
            return planner.start(state, self.spec())
        if command == "upgrade":
            if state.current is None or self.record.target != RUNNING:
                return Plan("web", "upgrade")
            return change(state, self.spec(), "upgrade", ("a test",))
        if command == "delete data":
            return planner.delete(state, data=True)
        return {"stop": planner.stop, "delete": planner.delete, "restart": planner.restart,
                "recover": planner.recover}[command](state)

    def abandon(self) -> None:
        for number, generation in self.generations.items():
            if generation.outcome == "trying":
                self._generation(number, outcome="discarded")

    def apply(self, operation: Operation, spec) -> None:
        getattr(self, "_" + operation.kind.replace("-", "_"))(operation.generation, spec)
        always = [number for number, seen in self.engine.items() if seen.restart == ALWAYS]
        assert self.strategy == "handover" or len(always) <= 1, "two would come up at once"

    def power_cut(self) -> None:
        """Everything stops; the engine comes back alone and follows its policies."""
        for number, seen in self.engine.items():
            self._seen(number, running=seen.restart == ALWAYS)

    def _record(self, number, spec):
        assert number not in self.numbers, "a number was used twice"
        self.numbers.append(number)
        self._note(last_number=number, settled=False)
        self.generations[number] = make_generation(number, "trying", committed=False, spec=spec)
        for old in self.outdated:
            assert old not in self.engine and not self.generations.pop(old).kept

    def _create(self, number, spec):
        self.engine[number] = Observed(f"web-g{number}", "web", number, False, "created",
                                       restart=NEVER)
        self.data = True

    def _start(self, number, spec):
        self._seen(number, running=True)
        self.drained.discard(number)
        self._work_alone(number)

    def _check(self, number, spec):
        assert self.engine[number].running

    def _join(self, number, spec):
        assert self.engine[number].running
        self.joined.add(number)
        self._work_alone(number)

    def _work_alone(self, number):
        others = {other for other, seen in self.engine.items() if seen.running} - {number}
        if self.strategy == "relieve":
            others &= self.joined if number in self.joined else set()
        assert self.strategy == "handover" or not others, "two are at work at once"

    def _drain(self, number, spec):
        self.drained.add(number)

    def _stop(self, number, spec):
        self._seen(number, running=False)

    def _hold(self, number, spec):
        assert self.engine[self.record.current].running, "requests wait for longer than needed"
        self.held = True

    def _resume(self, number, spec):
        self.held = False

    def _remove(self, number, spec):
        self.engine.pop(number, None)

    def _commit(self, number, spec):
        if self.record.current is not None:
            self._generation(self.record.current, outcome="kept")
        self._note(current=number, target=RUNNING, settled=False)
        self._generation(number, outcome="current", committed="2026-01-01T00:00:00+00:00")

    def _keep(self, number, spec):
        self._seen(number, restart=ALWAYS)

    def _park(self, number, spec):
        self._seen(number, restart=STOPPED)

    def _release(self, number, spec):
        self._seen(number, restart=NEVER)

    def _forget(self, number, spec):
        self._generation(number, kept=False)

    def _settle(self, number, spec):
        self._note(settled=True)

    def _want_running(self, number, spec):
        self._note(target=RUNNING, settled=False)

    def _want_stopped(self, number, spec):
        self._note(target="stopped", settled=False)

    def _want_absent(self, number, spec):
        self._note(target=ABSENT, settled=False)

    def _want_erased(self, number, spec):
        self._note(target=ABSENT, settled=False, erase=True)

    def _erase(self, number, spec):
        assert not self.engine, "a volume that is in use cannot be removed"
        self._note(erase=False)
        self.data = False

    def _note(self, **changes):
        self.record = dataclasses.replace(self.record, **changes)

    def _seen(self, number, **changes):
        self.engine[number] = dataclasses.replace(self.engine[number], **changes)

    def _generation(self, number, **changes):
        self.generations[number] = dataclasses.replace(self.generations[number], **changes)


def perform(world: World, command: str, cut: int | None) -> None:
    """Recover, then do it; with ``cut``, die before the operation of that number."""
    world.held = False  # whoever let requests wait and was killed did so for seconds
    world.abandon()
    recovery = planner.recover(world.state())
    steps = [(operation, recovery.spec) for operation in recovery.operations]
    for operation, spec in steps[:cut]:
        world.apply(operation, spec)
    if cut is not None and cut <= len(steps):
        return
    made = world.intend(command)
    for operation in made.operations[:None if cut is None else cut - len(steps)]:
        world.apply(operation, made.spec)
    assert cut is not None or not world.held, "requests wait although all is done"


def consistent(world: World) -> None:
    """Exactly what is committed runs, and nothing else is left over."""
    running = {number for number, seen in world.engine.items() if seen.running}
    assert not world.record.erase
    wanted = {world.record.current} if world.record.target == RUNNING else set()
    assert running == wanted and running.isdisjoint(world.drained)
    always = {number for number, seen in world.engine.items() if seen.restart == ALWAYS}
    assert always == wanted
    assert world.strategy == "replace" or running <= world.joined
    assert all(world.generations[number].committed for number in world.engine)
    assert len(world.engine) <= 2
    assert converge.settled(world.state())
    assert converge.converge(world.state()) == []
    assert sorted(world.generations)[-3:] == world.numbers[-3:]


STRATEGIES = st.sampled_from(["handover", "replace", "relieve"])
COMMANDS = st.lists(
    st.tuples(
        st.sampled_from(
            ["start", "upgrade", "stop", "delete", "delete data", "restart", "recover"]
        ),
        st.one_of(st.none(), st.integers(0, 20)),
        st.booleans(),
    ),
    max_size=12,
)


@settings(max_examples=400, deadline=None)
@given(COMMANDS, STRATEGIES)
def test_whatever_was_cut_short_one_recovery_brings_back_what_is_committed(commands, strategy):
    world = World(strategy)
    for command, cut, power_cut in commands:
        perform(world, command, cut)
        if power_cut:
            world.power_cut()
    perform(world, "recover", None)
    consistent(world)


@settings(max_examples=200, deadline=None)
@given(COMMANDS, STRATEGIES, st.integers(1, 20), st.booleans())
def test_an_upgrade_that_fails_before_its_commit_is_taken_back(commands, strategy, count, done):
    """``count`` operations are begun; the last fails before or after it did its work."""
    world = World(strategy)
    for command, cut, _ in commands:
        perform(world, command, cut)
    perform(world, "start", None)
    before, made = world.record.current, world.intend("upgrade")
    kinds = [operation.kind for operation in made.operations]
    begun = made.operations[:min(count, kinds.index("commit"))]
    for operation in begun if done or len(begun) == 1 else begun[:-1]:
        world.apply(operation, made.spec)
    world.abandon()
    for operation in made.way_back(begun):
        world.apply(operation, made.spec)
    consistent(world)
    assert world.record.current == before and world.engine[before].running
    assert not world.held


@settings(max_examples=200, deadline=None)
@given(COMMANDS, STRATEGIES, st.integers(0, 20))
def test_data_that_were_to_be_deleted_are_gone_after_the_recovery(commands, strategy, cut):
    world = World(strategy)
    for command, earlier_cut, _ in commands:
        perform(world, command, earlier_cut)
    perform(world, "start", None)
    perform(world, "delete data", cut)
    perform(world, "recover", None)
    consistent(world)
    assert world.data == (world.record.target == RUNNING)


@settings(max_examples=200, deadline=None)
@given(COMMANDS, STRATEGIES)
def test_after_a_power_cut_the_engine_alone_runs_only_what_was_committed(commands, strategy):
    world = World(strategy)
    for command, cut, _ in commands:
        perform(world, command, cut)
        world.power_cut()
        running = [number for number, seen in world.engine.items() if seen.running]
        assert all(world.generations[number].committed for number in running)
        if world.record.target == RUNNING and cut is None:
            assert running == [world.record.current]


HISTORIES = st.lists(
    st.tuples(st.booleans(), st.booleans(), st.booleans(), st.booleans()), max_size=30
)


@given(HISTORIES, st.integers(1, 10), st.integers(1, 30), st.booleans())
def test_what_is_dropped_from_the_records_is_old_and_needed_by_nothing(
    histories, keep_history, at, running
):
    """By generation: whether it was committed, keeps its image, is there, and was confirmed."""
    generations = {
        number: make_generation(
            number, committed=committed, kept=kept, confirmed="once" if confirmed else None
        )
        for number, (committed, kept, _, confirmed) in enumerate(histories, 1)
    }
    observed = {
        number: Observed(f"web-g{number}", "web", number, False, "exited")
        for number, (_, _, there, _) in enumerate(histories, 1) if there
    }
    current = at if running and at in generations else None
    record = Record("web", current=current, target=RUNNING if current else ABSENT)
    state = State(
        record, generations, observed, highest=len(histories), keep_history=keep_history
    )
    dropped = set(change(state, make_spec(), "upgrade", ("a test",)).outdated)
    left = set(generations) - dropped
    newest = set(sorted(generations)[max(len(generations) + 1 - keep_history, 0):])
    needed = {n for n in generations if generations[n].kept or n in observed or n == current}
    # What was confirmed since a generation that can come back is known for as long as that is.
    since = {n for n in generations if generations[n].committed and n > min(needed, default=n)}
    assert left == newest | needed | since

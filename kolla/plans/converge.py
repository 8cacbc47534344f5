"""What is left to do until the engine is as committed: pure functions. No I/O.

This is all there is of recovery, and the end of every other plan.
"""

from collections.abc import Iterable, Iterator

from kolla.plans.differences import goes_back
from kolla.plans.plan import Do, Operation, State
from kolla.plugin import Strategy
from kolla.plugin.reports import STOPPED as STAYS_STOPPED
from kolla.plugin.reports import ALWAYS, NEVER, Observed
from kolla.plugin.spec import Spec
from kolla.store.records import ABSENT, RUNNING, STOPPED, GenerationOutcome

#: What the engine says of a generation that was never started.
NOT_STARTED = "created"
#: What it says of one that ended, and that it will start again after a pause.
RESTARTING = "restarting"


def settled(state: State) -> bool:
    """Whether nothing is left to do for what is committed, as far as one list call can tell."""
    record = state.record
    if not record.settled or record.failed or state.tasks:
        return False
    if state.drained and state.running(record.current) and record.target == RUNNING:
        return False
    wanted = record.target == RUNNING
    known = set(state.observed) <= set(state.generations)
    return known and not _others_run(state) and state.running(record.current) == wanted


def _others_run(state: State) -> bool:
    return any(seen.running for n, seen in state.observed.items() if n != state.current)


def _handed_over(state: State) -> bool:
    """Whether the current generation can take requests beside all others that run: one with
    another strategy has the public address for itself.
    """
    running = [number for number in state.generations if state.running(number)]
    return state.current is not None and all(
        state.strategy(number) == Strategy.HANDOVER for number in (state.current, *running)
    )


def converge(state: State) -> list[Operation]:
    """Bring the engine to what is committed: after a crash, a failure or a commit."""
    operations = [state.operation(Do.REMOVE_TASK, seen.generation, task=seen.task)
                  for seen in state.tasks]
    discarded = list(_discard(state))
    if state.record.target == RUNNING:
        operations += discarded
    current, others = list(_current(state)), list(_retire(state))
    if _handed_over(state):
        operations += current + others
    else:
        operations += others + current
        if (operations or not state.record.settled) and state.record.target == RUNNING:
            # A command that failed or was killed may have left requests held.
            operations += resume(state)
    if state.record.target != RUNNING:
        operations += discarded
    operations += _forget(state)
    if state.record.erase:
        operations.append(state.operation(Do.ERASE, state.current, "its data is to be deleted"))
    if operations or not state.record.settled:
        operations.append(state.operation(Do.SETTLE))
    return operations


def serving(state: State) -> list[Operation]:
    """Those operations of :func:`converge` that have the current generation serve."""
    return [*_current(state), *resume(state)]


def halt(state: State, number: int, cause: str) -> Iterator[Operation]:
    """Drain and stop a generation that runs."""
    if not state.running(number):
        return
    if number in state.generations and state.spec(number).drain:
        yield state.operation(Do.DRAIN, number, cause)
    yield state.operation(Do.STOP, number, cause)


def serve(state: State, number: int, cause: str) -> Iterator[Operation]:
    """Have a generation that is on the engine serve again."""
    spec = state.spec(number) if number in state.generations else None
    loading, joining = up(state, spec, number, cause)
    yield from (*loading, *joining)


def up(
    state: State, spec: Spec | None, number: int, cause: str = ""
) -> tuple[list[Operation], list[Operation]]:
    """The operations that have a generation load, and those that have it work.

    ``spec``: None if the generation is not on record.
    """
    start, check = state.operation(Do.START, number, cause), state.operation(Do.CHECK, number)
    join = state.operation(Do.JOIN, number)
    match spec and spec.strategy:
        case Strategy.HANDOVER if spec and spec.listens:
            return [start, check], [join]
        case Strategy.HANDOVER | Strategy.RELIEVE:
            return [start, state.operation(Do.CHECK, number, "it has loaded")], [join, check]
    return [start, check], []


def hold(state: State, number: int | None) -> Iterator[Operation]:
    """Have the dependants hold their requests, if the generation to be stopped runs."""
    if state.running(number):
        yield from _of_dependants(state, Do.HOLD, state.dependants)


def resume(state: State) -> Iterator[Operation]:
    """Have the dependants let requests go on, first those that others of them require."""
    yield from _of_dependants(state, Do.RESUME, reversed(state.dependants))


def _of_dependants(
    state: State, kind: Do, dependants: Iterable[tuple[str, int]]
) -> Iterator[Operation]:
    for name, number in dependants:
        yield Operation(kind, name, number, f"requires {state.name}")


def remove(state: State, number: int, cause: str) -> Iterator[Operation]:
    """Take a generation from the engine, unless a process still lives in its file system."""
    if number not in state.in_use:
        yield state.operation(Do.REMOVE, number, cause)


def _discard(state: State) -> Iterator[Operation]:
    """Stop and remove generations that were never committed."""
    for number in sorted(state.observed):
        known = state.generations.get(number)
        if number != state.current and known and known.committed is None:
            yield from halt(state, number, "never committed")
            if state.observed[number].status != NOT_STARTED:
                yield from before_going_back(state, known.snapshot, number)
            yield from remove(state, number, "never committed")


def before_going_back(state: State, spec: Spec, number: int) -> Iterator[Operation]:
    """The tasks that a started generation runs before an older, current one serves."""
    if state.record.target == ABSENT or state.current not in state.generations:
        return
    if goes_back(state.releases, spec, state.spec(state.current)):
        yield from run_tasks(state, Do.BEFORE_ROLLBACK, number, spec)


def run_tasks(state: State, phase: Do, number: int, spec: Spec) -> Iterator[Operation]:
    """All tasks of a phase, in a generation with this spec."""
    for task in spec.tasks.get(phase.replace("-", "_"), ()):
        yield state.operation(phase, number, task=task.name)


def _current(state: State) -> Iterator[Operation]:
    number, target = state.current, state.record.target
    if number is None:
        return
    seen = state.observed.get(number)
    if target == ABSENT:
        if seen:
            if state.outlived(number):  # it may have to stay on the engine
                yield state.operation(Do.RELEASE, number, "deleted")
            yield from halt(state, number, "deleted")
            yield from remove(state, number, "deleted")
    elif target == STOPPED:
        if seen and seen.restart != STAYS_STOPPED:
            yield state.operation(Do.PARK, number, "stopped on purpose")
        yield from halt(state, number, "stopped on purpose")
    else:
        yield from _run(state, number, seen)


def _run(state: State, number: int, seen: Observed | None) -> Iterator[Operation]:
    if seen is None:
        yield state.operation(Do.CREATE, number, "missing on the engine")
    if seen is None or seen.restart != ALWAYS or state.record.failed:
        yield state.operation(Do.KEEP, number, "committed")
    if not state.running(number):
        yield from serve(state, number, "committed, and not running")
    elif state.drained:
        yield state.operation(Do.STOP, number, "it has drained")
        yield from serve(state, number, "it takes no more work")
    elif _others_run(state) and not _handed_over(state):
        yield from _run_alone(state, number)


def _run_alone(state: State, number: int) -> Iterator[Operation]:
    """The current generation can work now that no other one runs: see that it does.

    An engine that comes back starts it beside the other one, where it ends at once. The engine
    would wait for up to a minute before it tries again.
    """
    if state.observed[number].status == RESTARTING:
        yield state.operation(Do.STOP, number, "it could not start beside another generation")
        yield from serve(state, number, "no other generation runs")
    else:
        yield state.operation(Do.CHECK, number)


def _retire(state: State) -> Iterator[Operation]:
    """Earlier generations stop; the predecessor stays on the engine, the others go."""
    committed = state.committed_before
    for number in committed:
        seen = state.observed.get(number)
        if not seen:
            continue
        if seen.restart != NEVER:
            yield state.operation(Do.RELEASE, number, "no longer current")
        yield from halt(state, number, "no longer current")
        if state.record.target == ABSENT or number != committed[-1]:
            yield from remove(state, number, "no longer needed")


def _forget(state: State) -> Iterator[Operation]:
    """Images that no rollback needs lose the name that protects them."""
    committed = state.committed_before
    if state.record.target != ABSENT:
        needed = {state.current, *committed[-state.keep:]}
    elif state.tears_down and not state.record.erase:
        needed = {state.current}  # its teardown is run from it, with its data
    else:
        needed = set()
    needed |= set(state.in_use)
    for number, generation in sorted(state.generations.items()):
        trying = generation.outcome == GenerationOutcome.TRYING
        if generation.kept and number not in needed and not trying:
            yield state.operation(Do.FORGET, number, "no rollback needs its image")

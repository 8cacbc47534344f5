"""What a command has to do: a pure function of what is wanted, recorded and observed. No I/O."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping

from kolla.plans.change import change, tasks_of
from kolla.plans.converge import RESTARTING, converge, halt, hold, resume, run_tasks, serving
from kolla.plans.differences import differences
from kolla.plans.plan import Do, Kind, Operation, Plan, State
from kolla.plugin.spec import Spec
from kolla.store.records import ABSENT, RUNNING, STOPPED, Generation, GenerationOutcome, Record


def start(state: State, spec: Spec | None) -> Plan:
    """Make a missing container from ``spec``, or start one that exists; change nothing else."""
    if spec is not None:
        tasks = tasks_of(spec, "verify") + tasks_of(spec, "bootstrap")
        return change(state, spec, Kind.START, ("not created yet",), tasks)
    if state.running(state.current) and state.record.target == RUNNING:
        return state.plan(Kind.START)
    wanted = dataclasses.replace(state.record, target=RUNNING)
    return _retarget(state, wanted, Kind.START)


def stop(state: State) -> Plan:
    if state.current is None or state.record.target != RUNNING:
        return state.plan(Kind.STOP)
    return _retarget(state, dataclasses.replace(state.record, target=STOPPED), Kind.STOP)


def delete(state: State, data: bool = False, tasks: bool = True) -> Plan:
    """Take it from the engine; with ``data`` its volumes as well.

    Without ``tasks`` no task cleans up on the host and in other services.
    """
    number = state.current
    erase = data and number is not None
    if state.record.target == ABSENT and not state.observed and not erase:
        return state.plan(Kind.DELETE)
    wanted = dataclasses.replace(state.record, target=ABSENT, erase=erase)
    last_tasks = list(_last_tasks(state, erase)) if tasks else []
    if not last_tasks:
        return _retarget(state, wanted, Kind.DELETE)
    # If one of them fails, the container stays stopped, with its data, and the next command
    # begins anew.
    stopping = [] if state.record.target == ABSENT else stop(state).operations
    stopped = dataclasses.replace(state, observed={
        n: dataclasses.replace(seen, running=False) for n, seen in state.observed.items()
    })
    deletion = _retarget(stopped, wanted, Kind.DELETE)
    operations = (*stopping, *last_tasks, *deletion.operations)
    return dataclasses.replace(deletion, operations=operations)


def _last_tasks(state: State, erase: bool) -> Iterator[Operation]:
    """The tasks that run before the current generation is deleted."""
    number = state.current
    if number is None or number not in state.generations:
        return
    if erase:
        yield from run_tasks(state, Do.TEARDOWN, number, state.spec(number))
    if number in state.observed:
        yield from run_tasks(state, Do.FAREWELL, number, state.spec(number))


def _retarget(state: State, wanted: Record, action: Kind) -> Plan:
    """First the intent is committed, then the engine follows."""
    after = dataclasses.replace(state, record=dataclasses.replace(wanted, settled=False))
    intent = state.operation(Do.WANT_ERASED if wanted.erase else Do(f"want-{wanted.target}"))
    return state.plan(action, (intent, *converge(after)))


def restart(state: State) -> Plan:
    """Replace the process: by a new generation of the same spec where its strategy allows that."""
    number = state.current
    if number is None or state.record.target != RUNNING:
        return state.plan(Kind.RESTART)
    if state.strategy(number).waits and state.running(number):
        return change(state, state.spec(number), Kind.RESTART, ("requested",))
    # On a full disk the engine cannot start what it stopped. KEEP fails there, too: so it comes
    # first, while the container still runs.
    keep = state.operation(Do.KEEP, number, "given up before" if state.record.failed else "")
    steps = [keep, *hold(state, number), *halt(state, number, "restart"),
             state.operation(Do.START, number), state.operation(Do.CHECK, number),
             *resume(state)]
    return state.plan(Kind.RESTART, steps)


def revive(state: State) -> Plan:
    """Stop an unhealthy container and start it, without waiting for a drain or its check.

    Its dependants hold no requests: without a check nothing would tell when they may go on.
    """
    number = state.current
    steps = [*_care_again(state, number)]
    if state.running(number):
        steps.append(state.operation(Do.STOP, number, "unhealthy"))
    steps.append(state.operation(Do.START, number))
    return state.plan(Kind.RESTART, steps)


def give_up(state: State) -> Plan:
    """Restart it no more. It may go on running, but not if it only starts over and over."""
    number = state.current
    steps = [state.operation(Do.FAIL, number), state.operation(Do.RELEASE, number, "given up")]
    seen = state.observed.get(number) if number is not None else None
    if seen is not None and seen.status == RESTARTING:
        steps.append(state.operation(Do.STOP, number, "given up"))
    return state.plan(Kind.GIVE_UP, steps)


def _care_again(state: State, number: int | None) -> list[Operation]:
    return [state.operation(Do.KEEP, number, "given up before")] if state.record.failed else []


def recover(state: State) -> Plan:
    return state.plan(Kind.RECOVER, converge(state))


def serve_again(state: State) -> Plan:
    """Have the current generation serve although the tasks that prepare the way back failed."""
    return state.plan(Kind.RECOVER, serving(state))


def confirm(state: State) -> Plan:
    """Keep the current generation: clean up what only earlier ones needed.

    If it is confirmed already, the clean-up runs again: that finishes one for which other hosts
    were not ready, and withdraws what a failed rollback has told them.
    """
    number = state.current
    steps: list[Operation] = []
    if number is not None:
        steps += run_tasks(state, Do.CONTRACT, number, state.spec(number))
        if not state.generations[number].confirmed:
            steps.append(state.operation(Do.CONFIRM, number))
    return state.plan(Kind.CONFIRM, steps)


def task(state: State, name: str) -> Plan:
    """Run a task of the current generation, and change nothing."""
    step = state.operation(Do.ON_DEMAND, state.current, task=name)
    return state.plan(Kind.TASK, [step], reasons=(f"the task {name}",))


def pin(state: State, pins: Mapping[str, str | None]) -> Plan:
    """Change the pins only: what runs already is what was asked for."""
    chosen = [
        pins[column] for column in ("image_pin", "release_pin")
        if column in pins and getattr(state.record, column) != pins[column]
    ]
    if not chosen:
        return state.plan(Kind.UPGRADE)
    reasons = tuple(f"stays with {value}" for value in chosen if value)
    reasons = reasons or ("follows the configuration again",)
    return state.plan(Kind.UPGRADE, [state.operation(Do.PIN)], reasons=reasons, pins=pins)


def last_known_good(
    state: State, probation_over: Callable[[Generation], bool]
) -> int | None:
    """The generation a rollback goes to by itself; None if there is none.

    ``probation_over(generation)`` tells whether a generation survived its probation.
    """
    if state.current is None:
        return None
    running = state.spec(state.current)
    earlier = [
        generation for number, generation in state.generations.items()
        if number < state.current and generation.committed and generation.kept
        and generation.outcome == GenerationOutcome.KEPT
        and differences(generation.snapshot, running)
    ]
    good = [g for g in earlier if g.confirmed or probation_over(g)] or earlier
    return max((generation.number for generation in good), default=None)

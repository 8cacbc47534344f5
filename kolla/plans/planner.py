"""What a command has to do: a pure function of what is wanted, recorded and observed. No I/O."""

import dataclasses
import itertools
import types
from collections.abc import Callable, Iterable, Iterator, Mapping

from kolla.plans.converge import (
    before_going_back, converge, halt, hold, remove, resume, run_tasks, serve, serving,
)
from kolla.plans.differences import differences, goes_back
from kolla.plans.plan import Do, Kind, Operation, Plan, State
from kolla.plugin import Strategy
from kolla.plugin.spec import Spec
from kolla.store.records import ABSENT, RUNNING, STOPPED, Generation, GenerationOutcome, Record


def start(state: State, spec: Spec | None) -> Plan:
    """Make a missing container, of a spec, or start a stopped one; change nothing else."""
    if spec is not None:
        tasks = tasks_of(spec, "verify") + tasks_of(spec, "bootstrap")
        return change(state, spec, Kind.START, ("it does not exist",), tasks)
    if state.running(state.current) and state.record.target == RUNNING:
        return Plan(state.name, Kind.START, before=state.current, after=state.current)
    wanted = dataclasses.replace(state.record, target=RUNNING)
    return _retarget(state, wanted, Kind.START)


def stop(state: State) -> Plan:
    if state.current is None or state.record.target != RUNNING:
        return Plan(state.name, Kind.STOP, before=state.current, after=state.current)
    return _retarget(state, dataclasses.replace(state.record, target=STOPPED), Kind.STOP)


def delete(state: State, data: bool = False, tasks: bool = True) -> Plan:
    """Take it from the engine; with ``data`` its volumes as well.

    Without ``tasks`` what it has left on the host and in other services stays there.
    """
    number = state.current
    erase = data and number is not None
    if state.record.target == ABSENT and not state.observed and not erase:
        return Plan(state.name, Kind.DELETE, before=number, after=number)
    wanted = dataclasses.replace(state.record, target=ABSENT, erase=erase)
    last_tasks = list(_last_tasks(state, erase)) if tasks else []
    if not last_tasks:
        return _retarget(state, wanted, Kind.DELETE)
    # One that fails leaves the container stopped, with its data: the next command begins anew.
    stopping = [] if state.record.target == ABSENT else stop(state).operations
    stopped = dataclasses.replace(state, observed={
        n: dataclasses.replace(seen, running=False) for n, seen in state.observed.items()
    })
    deletion = _retarget(stopped, wanted, Kind.DELETE)
    operations = (*stopping, *last_tasks, *deletion.operations)
    return dataclasses.replace(deletion, operations=operations)


def _last_tasks(state: State, erase: bool) -> Iterator[Operation]:
    """What is run before the current generation is deleted."""
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
    return Plan(
        state.name, action, (intent, *converge(after)), before=state.current, after=state.current
    )


def restart(state: State) -> Plan:
    """Handed over to a new generation of the same spec where that is possible."""
    number = state.current
    if number is None or state.record.target != RUNNING:
        return Plan(state.name, Kind.RESTART, before=number, after=number)
    if state.strategy(number) == Strategy.HANDOVER and state.running(number):
        return change(state, state.spec(number), Kind.RESTART, ("an operator asked for it",))
    steps = [*hold(state, number), *halt(state, number, "restart"), *_care_again(state, number),
             state.operation(Do.START, number), state.operation(Do.CHECK, number),
             *resume(state)]
    return Plan(state.name, Kind.RESTART, tuple(steps), before=number, after=number)


def revive(state: State) -> Plan:
    """Stop what is sick and start it: nobody waits for a drain or for its check.

    So nothing would tell when requests to what requires it could go on: they do not wait.
    """
    number = state.current
    steps = [*_care_again(state, number)]
    if state.running(number):
        steps.append(state.operation(Do.STOP, number, "unhealthy"))
    steps.append(state.operation(Do.START, number))
    return Plan(state.name, Kind.RESTART, tuple(steps), before=number, after=number)


def give_up(state: State) -> Plan:
    """No further restarts; what still runs does so, what only starts over and over does not."""
    number = state.current
    steps = [state.operation(Do.FAIL, number), state.operation(Do.RELEASE, number, "given up")]
    seen = state.observed.get(number) if number is not None else None
    if seen is not None and seen.status == "restarting":
        steps.append(state.operation(Do.STOP, number, "given up"))
    return Plan(state.name, Kind.GIVE_UP, tuple(steps), before=number, after=number)


def _care_again(state: State, number: int | None) -> list[Operation]:
    return [state.operation(Do.KEEP, number, "given up before")] if state.record.failed else []


def recover(state: State) -> Plan:
    return Plan(
        state.name, Kind.RECOVER, tuple(converge(state)), before=state.current, after=state.current
    )


def serve_again(state: State) -> Plan:
    """Have the current generation serve although the way back to it could not be prepared."""
    return Plan(
        state.name, Kind.RECOVER, tuple(serving(state)), before=state.current, after=state.current
    )


def confirm(state: State) -> Plan:
    """The current generation stays: what only earlier ones needed is cleaned up.

    Of one that is confirmed already the clean-up is done again, which finishes one that other
    hosts held up, and takes back what a failed rollback has told them.
    """
    number = state.current
    steps: list[Operation] = []
    if number is not None:
        steps += run_tasks(state, Do.CONTRACT, number, state.spec(number))
        if not state.generations[number].confirmed:
            steps.append(state.operation(Do.CONFIRM, number))
    return Plan(state.name, Kind.CONFIRM, tuple(steps), before=number, after=number)


def pin(state: State, pins: Mapping[str, str | None]) -> Plan:
    """Stay with what runs, by a choice of its own from now on."""
    number, record = state.current, state.record
    chosen = [
        pins[column] for column in ("image_pin", "release_pin")
        if column in pins and getattr(record, column) != pins[column]
    ]
    if not chosen:
        return Plan(state.name, Kind.UPGRADE, before=number, after=number)
    reasons = tuple(f"stays with {value}" for value in chosen if value)
    reasons = reasons or ("follows the configuration again",)
    steps = (state.operation(Do.PIN),)
    return Plan(state.name, Kind.UPGRADE, steps, reasons, None, pins, number, number)


def change(
    state: State,
    spec: Spec,
    action: Kind,
    reasons: tuple[str, ...],
    tasks: tuple[tuple[str, str], ...] = (),
    pins: Mapping[str, str | None] = types.MappingProxyType({}),
) -> Plan:
    """Make the next generation and put it in the place of the current one.

    ``tasks`` are (phase, name) pairs, run before anything that serves is touched.
    """
    new, old = state.highest + 1, state.current
    if state.record.target == ABSENT:
        old = None
    steps: list[Operation] = []
    if old is not None and goes_back(state.releases, state.spec(old), spec):
        steps += run_tasks(state, Do.BEFORE_ROLLBACK, old, state.spec(old))
    steps += [state.operation(Do.RECORD, new), state.operation(Do.CREATE, new)]
    steps += [state.operation(Do(phase), new, task=name) for phase, name in tasks]
    up = [state.operation(Do.START, new), state.operation(Do.CHECK, new)]
    if spec.strategy == Strategy.HANDOVER:
        up.append(state.operation(Do.JOIN, new))
    commit, keep = state.operation(Do.COMMIT, new), state.operation(Do.KEEP, new)
    down = list(halt(state, old, "replaced")) if old is not None else []
    release = [state.operation(Do.RELEASE, old, "replaced")] if old in state.observed else []
    if spec.strategy == Strategy.HANDOVER and _same_way(state, old):
        steps += [*up, commit, keep, *release, *down]
    else:
        away = [*hold(state, old), *down, *up, *resume(state)] if down else up
        # After a power cut the engine starts none of two rather than both.
        steps += [*away, commit, *release, keep]
    steps += _sweep(state, new, old)
    steps.append(state.operation(Do.SETTLE))
    return Plan(
        state.name, action, tuple(steps), reasons, spec, pins, old, new,
        undo=_undo(state, spec, new, steps),
    )


def _undo(
    state: State, spec: Spec, new: int, steps: Iterable[Operation]
) -> dict[Operation, tuple[Operation, ...]]:
    """What takes back each operation before the commit, so that the old generation serves."""
    cause = "the change failed"
    drain = [state.operation(Do.DRAIN, new, cause)] if spec.drain else []
    stop = [state.operation(Do.STOP, new, cause)]
    undo = {}
    for step in itertools.takewhile(lambda step: step.kind is not Do.COMMIT, steps):
        match step.kind:
            case Do.RECORD:
                undo[step] = [state.operation(Do.FORGET, new, cause), state.operation(Do.SETTLE)]
            case Do.CREATE:
                undo[step] = [state.operation(Do.REMOVE, new, cause)]
            case Do.HOLD:
                undo[step] = [dataclasses.replace(step, kind=Do.RESUME)]
            case Do.STOP:
                undo[step] = [*serve(state, step.number, cause)]
            case Do.START:  # what is handed over takes no request before it joins
                down = stop if spec.strategy == Strategy.HANDOVER else drain + stop
                undo[step] = [*down, *before_going_back(state, spec, new)]
            case Do.JOIN:
                undo[step] = drain
    return {step: tuple(back) for step, back in undo.items()}


def tasks_of(spec: Spec, phase: str) -> tuple[tuple[str, str], ...]:
    """All tasks of a phase, as ``change`` takes them."""
    return tuple((phase, task.name) for task in spec.tasks.get(phase, ()))


def _same_way(state: State, old: int | None) -> bool:
    return old is None or state.strategy(old) == Strategy.HANDOVER


def _sweep(state: State, new: int, old: int | None) -> list[Operation]:
    """What is no longer needed once ``new`` counts."""
    gone = [
        operation for number in sorted(state.observed)
        if number in state.generations and number not in (old, new)
        for operation in remove(state, number, "no longer needed")
    ]
    committed = [n for n in (*state.committed_before, old) if n is not None]
    needed = {*committed[-state.keep:], *state.in_use}
    return gone + [
        state.operation(Do.FORGET, number, "no rollback needs its image")
        for number, generation in sorted(state.generations.items())
        if generation.kept and number not in needed and number != new
    ]


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

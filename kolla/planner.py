"""What has to be done: a pure function of what is wanted, recorded and observed. No I/O."""

import dataclasses
import types
from collections.abc import Iterator, Mapping

from kolla.backends.base import ALWAYS, NEVER
from kolla.backends.base import STOPPED as STAYS_STOPPED
from kolla.backends.base import Observed
from kolla.plan import Operation, Plan, State
from kolla.spec import Spec, differences
from kolla.records import ABSENT, RUNNING, STOPPED, Record


def settled(state: State) -> bool:
    """Whether nothing is left to do for what is committed, as far as one list call can tell."""
    record = state.record
    if not record.settled or record.failed or state.tasks:
        return False
    others_run = any(seen.running for n, seen in state.observed.items() if n != record.current)
    wanted = record.target == RUNNING
    known = set(state.observed) <= set(state.generations)
    return known and not others_run and state.running(record.current) == wanted


def converge(state: State) -> list[Operation]:
    """Bring the engine to what is committed: after a crash, a failure or a commit."""
    operations = [state.operation("remove-task", seen.generation, task=seen.task)
                  for seen in state.tasks]
    operations += _discard(state)
    current, others = list(_current(state)), list(_retire(state))
    if state.current is not None and _strategy(state, state.current) == "handover":
        operations += current + others
    else:
        operations += others + current
    operations += _forget(state)
    if operations or not state.record.settled:
        operations.append(state.operation("settle"))
    return operations


def _strategy(state: State, number: int) -> str:
    return state.spec(number).strategy if number in state.generations else "replace"


def _halt(state: State, number: int, cause: str) -> Iterator[Operation]:
    """Drain and stop a generation that runs."""
    if not state.running(number):
        return
    if number in state.generations and state.spec(number).drain:
        yield state.operation("drain", number, cause)
    yield state.operation("stop", number, cause)


def _discard(state: State) -> Iterator[Operation]:
    """What was never committed goes."""
    for number in sorted(state.observed):
        known = state.generations.get(number)
        if number != state.current and (known is None or known.committed is None):
            yield from _halt(state, number, "never committed")
            yield state.operation("remove", number, "never committed")


def _current(state: State) -> Iterator[Operation]:
    number, target = state.current, state.record.target
    if number is None:
        return
    seen = state.observed.get(number)
    if target == ABSENT:
        if seen:
            yield from _halt(state, number, "deleted")
            yield state.operation("remove", number, "deleted")
    elif target == STOPPED:
        if seen and seen.restart != STAYS_STOPPED:
            yield state.operation("park", number, "stopped on purpose")
        yield from _halt(state, number, "stopped on purpose")
    else:
        yield from _run(state, number, seen)


def _run(state: State, number: int, seen: Observed | None) -> Iterator[Operation]:
    if seen is None:
        yield state.operation("create", number, "missing on the engine")
    if seen is None or seen.restart != ALWAYS or state.record.failed:
        yield state.operation("keep", number, "committed")
    if not state.running(number):
        yield state.operation("start", number, "committed, and not running")
        yield state.operation("check", number)
        if _strategy(state, number) == "handover":
            yield state.operation("join", number)


def _committed_before(state: State) -> list[int]:
    return sorted(
        number for number, generation in state.generations.items()
        if generation.committed and number != state.current
    )


def _retire(state: State) -> Iterator[Operation]:
    """Earlier generations stop; the predecessor stays on the engine, the others go."""
    committed = _committed_before(state)
    for number in committed:
        seen = state.observed.get(number)
        if not seen:
            continue
        if seen.restart != NEVER:
            yield state.operation("release", number, "no longer current")
        yield from _halt(state, number, "no longer current")
        if state.record.target == ABSENT or number != committed[-1]:
            yield state.operation("remove", number, "no longer needed")


def _forget(state: State) -> Iterator[Operation]:
    """Images that no rollback needs lose the name that protects them."""
    committed = _committed_before(state)
    needed = set() if state.record.target == ABSENT else {state.current, *committed[-state.keep:]}
    for number, generation in sorted(state.generations.items()):
        if generation.kept and number not in needed and generation.outcome != "trying":
            yield state.operation("forget", number, "no rollback needs its image")


def start(state: State, spec: Spec | None) -> Plan:
    """Make a missing container or start a stopped one; change nothing else."""
    if state.current is None or state.record.target == ABSENT:
        return change(state, spec, "start", ("it does not exist",), tasks_of(spec, "bootstrap"))
    if state.running(state.current) and state.record.target == RUNNING:
        return Plan(state.name, "start", before=state.current, after=state.current)
    wanted = dataclasses.replace(state.record, target=RUNNING)
    return _retarget(state, wanted, "start")


def stop(state: State) -> Plan:
    if state.current is None or state.record.target != RUNNING:
        return Plan(state.name, "stop", before=state.current, after=state.current)
    return _retarget(state, dataclasses.replace(state.record, target=STOPPED), "stop")


def delete(state: State, data: bool = False) -> Plan:
    """Take it from the engine; with ``data`` its volumes as well."""
    number = state.current
    erase = [state.operation("erase", number, "its data was meant")] if data and number else []
    if state.record.target == ABSENT and not state.observed:
        return Plan(state.name, "delete", tuple(erase), before=number, after=number)
    plan = _retarget(state, dataclasses.replace(state.record, target=ABSENT), "delete")
    return dataclasses.replace(plan, operations=(*plan.operations, *erase))


def _retarget(state: State, wanted: Record, action: str) -> Plan:
    """First the intent is committed, then the engine follows."""
    after = dataclasses.replace(state, record=dataclasses.replace(wanted, settled=False))
    intent = state.operation(f"want-{wanted.target}")
    return Plan(
        state.name, action, (intent, *converge(after)), before=state.current, after=state.current
    )


def restart(state: State) -> Plan:
    """Handed over to a new generation of the same spec where that is possible."""
    number = state.current
    if number is None or state.record.target != RUNNING:
        return Plan(state.name, "restart", before=number, after=number)
    if _strategy(state, number) == "handover" and state.running(number):
        return change(state, state.spec(number), "restart", ("an operator asked for it",))
    steps = [*_halt(state, number, "restart"), *_care_again(state, number),
             state.operation("start", number), state.operation("check", number)]
    return Plan(state.name, "restart", tuple(steps), before=number, after=number)


def revive(state: State) -> Plan:
    """Stop what is sick and start it: nobody waits for a drain or for its check."""
    number = state.current
    steps = [*_care_again(state, number)]
    if state.running(number):
        steps.append(state.operation("stop", number, "unhealthy"))
    steps.append(state.operation("start", number))
    return Plan(state.name, "restart", tuple(steps), before=number, after=number)


def give_up(state: State) -> Plan:
    """No further restarts; what still runs does so, what only starts over and over does not."""
    number = state.current
    steps = [state.operation("fail", number), state.operation("release", number, "given up")]
    if state.observed[number].status == "restarting":
        steps.append(state.operation("stop", number, "given up"))
    return Plan(state.name, "give up", tuple(steps), before=number, after=number)


def _care_again(state: State, number: int) -> list[Operation]:
    return [state.operation("keep", number, "given up before")] if state.record.failed else []


def recover(state: State) -> Plan:
    return Plan(
        state.name, "recover", tuple(converge(state)), before=state.current, after=state.current
    )


def confirm(state: State) -> Plan:
    """The current generation stays: what only earlier ones needed is cleaned up."""
    number = state.current
    if number is None or state.generations[number].confirmed:
        return Plan(state.name, "confirm", before=number, after=number)
    steps = [
        state.operation("contract", number, task=task)
        for _, task in tasks_of(state.spec(number), "contract")
    ]
    steps.append(state.operation("confirm", number))
    return Plan(state.name, "confirm", tuple(steps), before=number, after=number)


def change(
    state: State,
    spec: Spec,
    action: str,
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
    steps = []
    if action == "rollback":
        steps += [
            state.operation("before-rollback", old, task=task)
            for _, task in tasks_of(state.spec(old), "before_rollback")
        ]
    steps += [state.operation("record", new), state.operation("create", new)]
    steps += [state.operation(phase, new, task=name) for phase, name in tasks]
    up = [state.operation("start", new), state.operation("check", new)]
    if spec.strategy == "handover":
        up.append(state.operation("join", new))
    up += [state.operation("commit", new), state.operation("keep", new)]
    down = list(_halt(state, old, "replaced")) if old is not None else []
    release = [state.operation("release", old, "replaced")] if old in state.observed else []
    if spec.strategy == "handover" and _same_way(state, old):
        steps += up + release + down
    else:
        steps += down + up + release
    steps += _sweep(state, new, old)
    steps.append(state.operation("settle"))
    return Plan(state.name, action, tuple(steps), reasons, spec, pins, old, new)


def tasks_of(spec: Spec, phase: str) -> tuple[tuple[str, str], ...]:
    """All tasks of a phase, as ``change`` takes them."""
    return tuple((phase, task["name"]) for task in spec.tasks.get(phase, []))


def _same_way(state: State, old: int | None) -> bool:
    return old is None or _strategy(state, old) == "handover"


def _sweep(state: State, new: int, old: int | None) -> list[Operation]:
    """What is no longer needed once ``new`` counts."""
    gone = [
        state.operation("remove", number, "no longer needed")
        for number in sorted(state.observed) if number not in (old, new)
    ]
    committed = [n for n in (*_committed_before(state), old) if n is not None]
    needed = committed[-state.keep:]
    return gone + [
        state.operation("forget", number, "no rollback needs its image")
        for number, generation in sorted(state.generations.items())
        if generation.kept and number not in needed and number != new
    ]


def last_known_good(state: State, probation_over) -> int | None:
    """The generation a rollback goes to by itself; None if there is none.

    ``probation_over(generation)`` tells whether a generation survived its probation.
    """
    if state.current is None:
        return None
    running = state.spec(state.current)
    earlier = [
        generation for number, generation in state.generations.items()
        if number < state.current and generation.committed and generation.kept
        and generation.outcome == "kept" and differences(generation.snapshot, running)
    ]
    good = [g for g in earlier if g.confirmed or probation_over(g)] or earlier
    return max((generation.number for generation in good), default=None)

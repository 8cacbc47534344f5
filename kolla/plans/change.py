"""From one generation to the next: pure functions. No I/O."""

import types
from collections.abc import Mapping

from kolla.plans.converge import halt, hold, remove, resume, run_tasks, up
from kolla.plans.differences import goes_back
from kolla.plans.plan import Do, Kind, Operation, Plan, State
from kolla.plans.undo import undo
from kolla.plugin import Strategy
from kolla.plugin.spec import Spec
from kolla.store.records import ABSENT


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
    loading, joining = up(state, spec, new)
    commit, keep = state.operation(Do.COMMIT, new), state.operation(Do.KEEP, new)
    down = list(halt(state, old, "replaced")) if old is not None else []
    release = [state.operation(Do.RELEASE, old, "replaced")] if old in state.observed else []
    if spec.strategy == Strategy.HANDOVER and _same_way(state, old):
        steps += [*loading, *joining, commit, keep, *release, *down]
    else:
        before, after = ([*hold(state, old), *down], [*resume(state)]) if down else ([], [])
        if spec.strategy == Strategy.RELIEVE:
            away = [*loading, *before, *joining, *after]
        else:
            away = [*before, *loading, *joining, *after]
        # After a power cut the engine starts none of two rather than both.
        steps += [*away, commit, *release, keep]
    steps += _sweep(state, new, old)
    steps.append(state.operation(Do.SETTLE))
    return Plan(
        state.name, action, tuple(steps), reasons, spec, pins, old, new,
        outdated=_outdated(state), undo=undo(state, spec, new, steps),
    )


def _same_way(state: State, old: int | None) -> bool:
    return old is None or state.strategy(old) == Strategy.HANDOVER


def _sweep(state: State, new: int, old: int | None) -> list[Operation]:
    """Remove and forget what nothing needs once ``new`` is current."""
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


def _outdated(state: State) -> tuple[int, ...]:
    """The generations that nothing needs on record once there is one more.

    What was committed after a generation that can come back stays: it tells whether the schema
    was cleaned up since, and with which key was signed.
    """
    numbers = sorted(state.generations)
    needed = {number for number in numbers if state.generations[number].kept}
    needed |= {*state.observed, *filter(None, (state.current,))}
    oldest = min(needed, default=state.highest + 1)
    return tuple(
        number for number in numbers[:max(len(numbers) + 1 - state.keep_history, 0)]
        if number not in needed
        and (number < oldest or state.generations[number].committed is None)
    )


def tasks_of(spec: Spec, phase: str) -> tuple[tuple[str, str], ...]:
    """All tasks of a phase, as ``change`` takes them."""
    return tuple((phase, task.name) for task in spec.tasks.get(phase, ()))

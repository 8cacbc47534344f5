"""How a change that fails half-way is undone: pure functions. No I/O."""

import dataclasses
import itertools
from collections.abc import Iterable

from kolla.plans.converge import before_going_back, serve
from kolla.plans.plan import Do, Operation, State
from kolla.plugin import Strategy
from kolla.plugin.spec import Spec


def undo(
    state: State, spec: Spec, new: int, steps: Iterable[Operation]
) -> dict[Operation, tuple[Operation, ...]]:
    """By operation before the commit: what undoes it, so that the old generation serves.

    A plan carries this along; whoever carries it out takes back what it has begun, the last first.
    """
    cause = "the change failed"
    drain = [state.operation(Do.DRAIN, new, cause)] if spec.drain else []
    stop = [state.operation(Do.STOP, new, cause)]
    found = {}
    for step in itertools.takewhile(lambda step: step.kind is not Do.COMMIT, steps):
        match step.kind:
            case Do.RECORD:
                found[step] = [state.operation(Do.FORGET, new, cause), state.operation(Do.SETTLE)]
            case Do.CREATE:
                found[step] = [state.operation(Do.REMOVE, new, cause)]
            case Do.HOLD:
                found[step] = [dataclasses.replace(step, kind=Do.RESUME)]
            case Do.DRAIN:  # it may take no more work until it is started again
                found[step] = [
                    state.operation(Do.STOP, step.number, cause),
                    *serve(state, step.number, cause),
                ]
            case Do.STOP if not state.spec(step.number).drain:
                found[step] = [*serve(state, step.number, cause)]
            case Do.START if spec.strategy == Strategy.RELIEVE:  # it only loads before it joins
                found[step] = stop
            case Do.START:  # a handover takes no request before it joins
                down = stop if spec.strategy == Strategy.HANDOVER else drain + stop
                found[step] = [*down, *before_going_back(state, spec, new)]
            case Do.JOIN if spec.strategy == Strategy.RELIEVE:  # never two at work
                found[step] = [*drain, *stop, *before_going_back(state, spec, new)]
            case Do.JOIN:
                found[step] = drain
    return {step: tuple(back) for step, back in found.items()}

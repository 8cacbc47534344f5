"""Prints plans for people and for programs."""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from cliff.columns import FormattableColumn

from kolla.cli.base import wrapped
from kolla.cli.steps import BOOK_KEEPING, sentence
from kolla.cli.values import ImageId, Lines, Text
from kolla.store.records import ABSENT

if TYPE_CHECKING:
    from kolla.plans.differences import Difference
    from kolla.plans.plan import Plan
    from kolla.store.records import Record

COLUMNS = (
    "container", "action", "before", "after", "pin", "blocked", "begins_after", "reasons",
    "operations", "changes",
)
#: Characters of a value that a plan shows.
MOST = 40
#: What is shown of a value that looks like a secret.
MASK = "****"


class _Things(FormattableColumn):
    """Operations or differences."""

    def human_readable(self) -> str:
        return "\n".join(str(thing) for thing in self._value)

    def machine_readable(self) -> list[dict]:
        return [dataclasses.asdict(thing) for thing in self._value]


def rows(plans: "Mapping[str, Plan]", records: "Mapping[str, Record]") -> list[tuple]:
    """The values in the order of COLUMNS."""
    return [
        (name, plan.action if plan.operations or plan.blocked else "none",
         Text(plan.before), Text(plan.after), ImageId(_pin(records.get(name))),
         plan.blocked, Lines(list(plan.begins_after)), Lines(list(plan.reasons)),
         _Things(plan.operations), _Things(tuple(map(without_secrets, plan.changes))))
        for name, plan in plans.items()
    ]


def text(plans: "Mapping[str, Plan]", everything: bool = False) -> str:
    """The text of each plan; with ``everything`` also the steps of book-keeping."""
    if not plans:
        return "nothing to do"
    return "\n".join(line for plan in plans.values() for line in _lines(plan, everything))


def _lines(plan: "Plan", everything: bool) -> "Iterator[str]":
    if plan.blocked:
        why = plan.blocked.removeprefix(f"{plan.container}: ")
        yield from wrapped(f"{plan.container}: cannot be done", why)
        return
    held = [f"  {line}" for line in plan.held.splitlines()]
    if not plan.operations:
        yield from [f"{plan.container}: nothing to do", *held]
        return
    step = f", generation {plan.before or 'none'} -> {plan.after}" if plan.spec else ""
    yield from [f"{plan.container}: {plan.action}{step}", *held]
    known = {str(change): change for change in plan.changes}
    for reason in plan.reasons:
        yield f"  because {with_values(known[reason]) if reason in known else reason}"
    if plan.begins_after:
        yield f"  begins after {', '.join(plan.begins_after)}"
    steps = list(enumerate(plan.operations, 1))
    shown = steps if everything else [
        (number, one) for number, one in steps if one.kind not in BOOK_KEEPING
    ] or steps
    for number, one in shown:
        yield f"  [{number}] {sentence(one)}"
    if left_out := len(steps) - len(shown):
        noun = "step" if left_out == 1 else "steps"
        yield f"  and {left_out} {noun} of book-keeping (-v shows all)"


def hidden(change: "Difference") -> bool:
    """Whether a value looks like a secret that was written where none belongs."""
    from kolla.settings import services

    return change.what in ("environment", "file") and any(
        services.is_secret(change.name, text) for text in (change.old, change.new) if text
    )


def with_values(change: "Difference") -> str:
    """A reason with its values, unless these are secret or long."""
    values = [value for value in (change.old, change.new) if value is not None]
    short = all(value and len(value) <= MOST and "\n" not in value for value in values)
    # Where the values are equal, something else differs, such as the mode of a file.
    if hidden(change) or not short or change.old == change.new:
        return str(change)
    if len(values) == 1:
        return f"{change} ({values[0]})"
    name = f"{change.what}: {change.name}".rstrip()
    return f"{name} {change.old} -> {change.new}"


def without_secrets(change: "Difference") -> "Difference":
    """A difference whose values may be printed."""
    if not hidden(change):
        return change
    return dataclasses.replace(
        change, old=change.old and MASK, new=change.new and MASK
    )


def _pin(record: "Record | None") -> str | None:
    if record is None or record.target == ABSENT:
        return None
    return record.pin

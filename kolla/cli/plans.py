"""Prints plans for people and for programs."""

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING

from cliff.columns import FormattableColumn

from kolla.cli.values import ImageId, Lines, Text

if TYPE_CHECKING:
    from kolla.plans.plan import Plan
    from kolla.store.records import Record

COLUMNS = (
    "container", "action", "before", "after", "pin", "blocked", "begins_after", "reasons",
    "operations",
)


class _Operations(FormattableColumn):
    """The operations of a plan."""

    def human_readable(self) -> str:
        return "\n".join(str(operation) for operation in self._value)

    def machine_readable(self) -> list[dict]:
        return [dataclasses.asdict(operation) for operation in self._value]


def rows(plans: "Mapping[str, Plan]", records: "Mapping[str, Record]") -> list[tuple]:
    """The values in the order of COLUMNS."""
    return [
        (name, plan.action, Text(plan.before), Text(plan.after), ImageId(_pin(records.get(name))),
         plan.blocked, Lines(list(plan.begins_after)), Lines(list(plan.reasons)),
         _Operations(plan.operations))
        for name, plan in plans.items()
    ]


def text(plans: "Mapping[str, Plan]") -> str:
    """The text of each plan."""
    return "\n".join(map(str, plans.values())) or "nothing to do"


def _pin(record: "Record | None") -> str | None:
    if record is None or record.target == "absent":
        return None
    return record.pin

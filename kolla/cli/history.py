"""``kolla container history``: the generations of a container."""

import collections
import textwrap
from argparse import Namespace
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from kolla.cli.base import Lister, Table, wrapped
from kolla.cli.parser import Parser
from kolla.cli.values import Age, ImageId, Possible, Text
from kolla.cli.which import OnOne
from kolla.store.records import ABSENT

if TYPE_CHECKING:
    from kolla.plugin.spec import Spec
    from kolla.store.records import Generation, Record


#: Why a rollback cannot go to a generation whose state says it already.
CURRENT, UNTRIED = "current", "it never served"


class History(OnOne, Lister):
    """List the generations of a container

    The reasons why each was made, and how it ended, stand below the table.

    A generation can come back with `kolla container rollback` while its image is kept.
    With --evidence it lists its restarts and automatic rollbacks instead, each with the output
    of the check, the view of the engine, and the last lines of the log.
    The archived log of a generation whose container is gone is printed with `kolla container
    logs NAME --generation N`.
    """

    example = "kolla container history keystone\nkolla container history keystone --evidence"
    columns = ("generation", "state", "release", "version", "image", "created", "cause",
               "reason", "restarts", "rollback", "log")
    brief: tuple[str, ...] = ("generation", "state", "version", "created", "restarts", "rollback")
    nothing = "nothing is recorded of this container yet"
    incidents = ("at", "who", "action", "generation", "outcome", "detail", "evidence")

    def get_parser(self, prog_name: str) -> Parser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "--evidence", action="store_true",
            help="list failures instead, with what there was to see",
        )
        return parser

    def titles(self, parsed_args: Namespace) -> tuple[str, ...]:
        return self.incidents if parsed_args.evidence else self.columns

    def take_action(self, parsed_args: Namespace) -> Table:
        name, store = self.name(parsed_args), self.app.deployment.store
        happened = store.incidents(name)
        if parsed_args.evidence:
            self.brief, self.nothing = self.incidents[:-2], "nothing went wrong"
            return self.incidents, [
                (Age(event.at), event.who, event.action, event.generation, event.outcome,
                 event.detail, event.evidence)
                for event in happened
            ]
        restarts = collections.Counter(
            event.generation for event in happened if event.action == "restart"
        )
        archived = self.app.deployment.archive.generations(name)
        return self.columns, [
            self._row(item, item.snapshot, restarts[item.number], item.number in archived, why)
            for item, why in ways_back(store.container(name), store.generations(name))
        ]

    def below(self, names: Sequence[str], rows: list[Sequence[Any]]) -> list[str]:
        if tuple(names) == self.incidents:
            return [line for row in rows for line in _story(names, row)]
        return [line for row in rows for line in wrapped(
            f"generation {row[0]}",
            "; ".join(filter(None, (row[names.index("cause")], row[names.index("reason")],
                                    _no_way_back(row[names.index("rollback")])))),
        )]

    def _row(
        self, item: "Generation", spec: "Spec", restarts: int, archived: bool, why: str
    ) -> tuple[Any, ...]:
        return (
            item.number, item.outcome, Text(spec.release), Text(spec.version),
            ImageId(spec.image_id), Age(item.created), item.cause, item.reason, restarts,
            Possible(why), Text("archived" if archived else None),
        )


def _no_way_back(possible: Possible) -> str:
    """Why a rollback cannot go there, unless that goes without saying."""
    return "" if possible.why in ("", CURRENT, UNTRIED) else f"no rollback: {possible.why}"


def _story(names: Sequence[str], row: Sequence[Any]) -> list[str]:
    """What went wrong, and its evidence."""
    cells = dict(zip(names, row))
    name = f"generation {cells['generation']}, {cells['at'].human_readable()}"
    return [*wrapped(name, cells["detail"]), *textwrap.indent(
        cells["evidence"].rstrip(), "    ").splitlines()]


def ways_back(
    record: "Record", generations: "list[Generation]"
) -> "Iterator[tuple[Generation, str]]":
    """Each generation with the reason why a rollback cannot go to it, empty if it can."""
    for item in generations:
        clean_ups = [
            later.snapshot.release for later in generations
            if later.number > item.number and later.confirmed
            and later.snapshot.tasks.get("contract")
            and later.snapshot.release != item.snapshot.release
        ]
        why = ""
        if record.target == ABSENT:
            why = "the container was deleted"
        elif item.number == record.current:
            why = CURRENT
        elif not item.committed:
            why = UNTRIED
        elif not item.kept:
            why = "its image is no longer kept"
        elif clean_ups:
            why = (f"{clean_ups[-1]} is confirmed and its schema cleaned up, unless another host"
                   " holds that up")
        yield item, why

"""``kolla container history``: the generations of a container."""

import collections
from argparse import Namespace
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from kolla.cli.base import Lister, Table
from kolla.cli.parser import Parser
from kolla.cli.values import Age, ImageId, Possible, Text
from kolla.cli.which import OnOne
from kolla.store.records import ABSENT

if TYPE_CHECKING:
    from kolla.plugin.spec import Spec
    from kolla.store.records import Generation, Record


class History(OnOne, Lister):
    """List a container's generations: why each was made, how it ended

    A generation can come back with `kolla container rollback` while its image is kept.
    With --evidence it lists its restarts and automatic rollbacks instead, each with the output
    of the check, the view of the engine, and the last lines of the log.
    The archived log of a generation whose container is gone is printed with `kolla container
    logs NAME --generation N`.
    """

    example = "kolla container history keystone\nkolla container history keystone --evidence"
    columns = ("generation", "state", "release", "version", "image", "created", "cause",
               "reason", "restarts", "rollback", "log")
    incidents = ("at", "who", "action", "generation", "outcome", "detail", "evidence")

    def get_parser(self, prog_name: str) -> Parser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "--evidence", action="store_true", help="what went wrong, and what there was to see"
        )
        return parser

    def titles(self, parsed_args: Namespace) -> tuple[str, ...]:
        return self.incidents if parsed_args.evidence else self.columns

    def take_action(self, parsed_args: Namespace) -> Table:
        name, store = self.name(parsed_args), self.app.deployment.store
        happened = store.incidents(name)
        if parsed_args.evidence:
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
            for item, why in _ways_back(store.container(name), store.generations(name))
        ]

    def _row(
        self, item: "Generation", spec: "Spec", restarts: int, archived: bool, why: str
    ) -> tuple[Any, ...]:
        return (
            item.number, item.outcome, Text(spec.release), Text(spec.version),
            ImageId(spec.image_id), Age(item.created), item.cause, item.reason, restarts,
            Possible(why), Text("archived" if archived else None),
        )


def _ways_back(
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
            why = "it is the current one"
        elif not item.committed:
            why = "it never served"
        elif not item.kept:
            why = "its image is no longer kept"
        elif clean_ups:
            why = (f"{clean_ups[-1]} is confirmed and its schema cleaned up, unless another host"
                   " holds that up")
        yield item, why

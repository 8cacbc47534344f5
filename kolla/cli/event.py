"""``kolla event …``: who did what when, and how it ended."""

import dataclasses
import json
import time
from argparse import Namespace
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from kolla.cli.base import Lister, Table, wrapped
from kolla.cli.logs import moment
from kolla.cli.parser import Parser, completed, positive
from kolla.cli.status import known_name
from kolla.cli.values import Age, Text
from kolla.cli.values import moment as written

if TYPE_CHECKING:
    from kolla.store.records import EventRecord
    from kolla.store.store import Store

#: Seconds between two looks for new events.
PAUSE = 0.5
#: As the store understands it.
NO_LIMIT = -1


class List(Lister):
    """List who did what when, and how it ended

    The newest are at the bottom. What did not succeed has its reason below the table. With
    --follow each event is a line, as it begins and as it ends, until Ctrl-C; with -f json an
    object on a line.
    """

    example = ("kolla event list --container keystone --since 2d --utc\n"
               "kolla event list --follow")
    columns = ("at", "who", "action", "container", "generation", "outcome", "seconds", "detail")
    brief = ("at", "who", "action", "container", "outcome", "seconds")
    nothing = "no events are recorded"

    def get_parser(self, prog_name: str) -> Parser:
        parser = super().get_parser(prog_name)
        completed(parser.add_argument(
            "--container", metavar="NAME", help="show only events of this container"
        ), "containers")
        parser.add_argument(
            "--limit", metavar="COUNT", type=positive, default=50,
            help="show only the newest COUNT events (default: 50)",
        )
        parser.add_argument(
            "--since", metavar="TIME", type=moment,
            help="show only events after this time: 10m, 2h, 1d ago, or 2026-05-01T12:00",
        )
        parser.add_argument(
            "--operations", action="store_true", help="show each step of an action as well"
        )
        parser.add_argument("--follow", action="store_true", help="go on with new events")
        return parser

    def run(self, parsed_args: Namespace) -> int:
        if not parsed_args.follow:
            return super().run(parsed_args)
        for event in following(self.app.deployment.store, self._chosen(parsed_args)):
            if parsed_args.formatter == "json":
                line = json.dumps({name: getattr(event, name) for name in self.columns})
            else:
                line = told(event)
            self.app.stdout.write(f"{line}\n")
            self.app.stdout.flush()
        return 0

    def take_action(self, parsed_args: Namespace) -> Table:
        return self.columns, [
            (Age(event.at), event.who, event.action, event.container, Text(event.generation),
             event.outcome, Text(event.seconds), event.detail)
            for event in self._chosen(parsed_args)(self.app.deployment.store)
        ]

    def _chosen(self, parsed_args: Namespace) -> "_Chosen":
        name = parsed_args.container and known_name(self.app.deployment, parsed_args.container)
        return _Chosen(parsed_args.limit, name, parsed_args.operations, parsed_args.since)

    def below(self, names: Sequence[str], rows: list[Sequence[Any]]) -> list[str]:
        cells = [dict(zip(names, row)) for row in rows]
        return [
            line for cell in cells if cell["detail"] and cell["outcome"] != "done"
            for line in wrapped(
                f"{cell['container']}, {cell['at'].human_readable()}", cell["detail"])
        ]


@dataclasses.dataclass(frozen=True)
class _Chosen:
    """Which events are meant."""

    limit: int
    container: str | None
    operations: bool
    #: Seconds since the epoch.
    since: float | None

    def __call__(self, store: "Store", first: int | None = None) -> "list[EventRecord]":
        """The newest of them, or all from the number ``first`` on."""
        import datetime

        after = ""
        if self.since is not None:
            after = datetime.datetime.fromtimestamp(self.since, datetime.UTC).isoformat()
        limit = self.limit if first is None else NO_LIMIT
        return store.events(limit, self.container, self.operations, after, first or 0)


def following(store: "Store", chosen: _Chosen) -> "Iterator[EventRecord]":
    """Events as they begin and end; first those that there are. Ends with Ctrl-C."""
    from kolla.store.records import ActionOutcome

    known: dict[int, str] = {}
    first = None
    try:
        while True:
            for event in chosen(store, first):
                if known.get(event.id) != event.outcome:
                    known[event.id] = event.outcome
                    yield event
            begun = [number for number in known if known[number] == ActionOutcome.BEGUN]
            first = min([*begun, max(known, default=0) + 1])
            # Of those before it nothing changes; the newest tells where the next look begins.
            known = {number: known[number] for number in known if number >= first - 1}
            time.sleep(PAUSE)
            store.follow()
    except KeyboardInterrupt:
        return


def told(event: "EventRecord") -> str:
    """An event on one line."""
    number = f"-g{event.generation}" if event.generation else ""
    took = f" after {event.seconds:.1f} s" if event.seconds is not None else ""
    detail = f": {' '.join(event.detail.split())}" if event.detail else ""
    return (f"{written(event.at)}  {event.who}  {event.action} {event.container}{number}  "
            f"{event.outcome}{took}{detail}")

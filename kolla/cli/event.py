"""``kolla event …``: who did what when, and how it ended."""

from argparse import Namespace

from kolla.cli.base import Lister, Table
from kolla.cli.parser import Parser, completed, positive
from kolla.cli.status import known_name
from kolla.cli.values import Age, Text


class List(Lister):
    """List who did what when, and how it ended

    The newest are at the bottom.
    """

    example = "kolla event list --container keystone --limit 20"
    columns = ("at", "who", "action", "container", "generation", "outcome", "seconds", "detail")

    def get_parser(self, prog_name: str) -> Parser:
        parser = super().get_parser(prog_name)
        completed(parser.add_argument(
            "--container", metavar="NAME", help="only those of one container"
        ), "containers")
        parser.add_argument(
            "--limit", metavar="COUNT", type=positive, default=50,
            help="how many, from the newest (default: 50)",
        )
        parser.add_argument(
            "--operations", action="store_true", help="also each operation of an action"
        )
        return parser

    def take_action(self, parsed_args: Namespace) -> Table:
        name = parsed_args.container and known_name(self.app.deployment, parsed_args.container)
        found = self.app.deployment.store.events(
            parsed_args.limit, name, parsed_args.operations
        )
        return self.columns, [
            (Age(event.at), event.who, event.action, event.container, Text(event.generation),
             event.outcome, Text(event.seconds), event.detail)
            for event in found
        ]

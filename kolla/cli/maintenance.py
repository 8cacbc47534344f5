"""``… maintenance``: makes the monitor leave containers alone."""

from argparse import Namespace
from typing import TYPE_CHECKING

from kolla.cli.base import Configuration, Lister, Table
from kolla.cli.parser import Parser, duration
from kolla.cli.values import Text
from kolla.errors import UsageError

if TYPE_CHECKING:
    from kolla.plugin import Container


class Maintenance(Lister):
    """Begins or ends a maintenance, and shows its end."""

    configuration = Configuration.LAST_VALID
    columns = ("container", "maintenance")

    def get_parser(self, prog_name: str) -> Parser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "state", metavar="on|off", choices=("on", "off"),
            help="turn maintenance mode on or off",
        )
        parser.add_argument(
            "--for", metavar="TIME", dest="seconds", type=duration,
            help="end it automatically after 90s, 10m, 2h or 1d",
        )
        return parser

    def containers(self, parsed_args: Namespace) -> "list[Container]":
        """The containers that the arguments select."""
        raise NotImplementedError

    def take_action(self, parsed_args: Namespace) -> Table:
        from kolla.actions import maintenance

        deployment, containers = self.app.deployment, self.containers(parsed_args)
        if parsed_args.state == "on":
            maintenance.begin(deployment, containers, parsed_args.seconds)
        elif parsed_args.seconds is not None:
            raise UsageError("--for is for the beginning of a maintenance, not for its end")
        else:
            maintenance.end(deployment, containers)
        records = deployment.store.records()
        return self.columns, [
            (c.name, Text(record.maintenance and f"until {record.maintenance}"))
            for c in containers if (record := records.get(c.name))
        ]

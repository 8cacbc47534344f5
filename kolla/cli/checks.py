"""Commands that run the checks of containers now."""

from argparse import Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kolla.cli.base import Configuration, Lister, Table
from kolla.cli.parser import Parser
from kolla.cli.values import Age, Text

if TYPE_CHECKING:
    from kolla.plugin import Container


class Check(Lister):
    """Runs the check of each container; exit code 1 unless all are healthy."""

    configuration = Configuration.LAST_VALID
    columns = ("container", "health", "generation", "detail", "checked")
    brief = ("container", "health", "generation", "checked")
    prose = "detail"
    nothing = "no container is enabled here"

    def get_parser(self, prog_name: str) -> Parser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "--quick", action="store_true",
            help="answer with the last result of `kolla monitor`; run no check",
        )
        return parser

    def below(self, names: Sequence[str], rows: list[Sequence[Any]]) -> list[str]:
        place = list(names).index("health")
        return super().below(names, [row for row in rows if row[place] != "healthy"])

    def containers(self, parsed_args: Namespace) -> "list[Container]":
        """The containers that the arguments select."""
        raise NotImplementedError

    def take_action(self, parsed_args: Namespace) -> Table:
        from kolla.health import asking

        ask = asking.last_round if parsed_args.quick else asking.check
        deployment, containers = self.app.deployment, self.containers(parsed_args)
        found = ask(deployment, containers)
        here = {container.name for container in deployment.settings.enabled()}
        self.exit_code = 0 if all(
            answer.status == "healthy"
            # A left-over container may be stopped.
            or answer.container not in here and answer.status == "stopped" for answer in found
        ) else 1
        return self.columns, [
            (answer.container, answer.status, Text(answer.generation),
             answer.detail if answer.container in here else f"left over; {answer.detail}",
             Age(answer.at))
            for answer in found
        ]

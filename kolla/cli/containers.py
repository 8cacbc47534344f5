"""``kolla container list``."""

from argparse import Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kolla.cli.base import Lister, Table, wrapped
from kolla.cli.parser import Parser, completed
from kolla.cli.status import pinned_lines, statuses
from kolla.cli.values import Age, ImageId, Text

if TYPE_CHECKING:
    from kolla.cli.status import Status


class List(Lister):
    """List containers with generation, health and pins

    The health is the last known one; `kolla container check` asks the containers. Pins stand
    below the table. With --drift it lists those that an upgrade would change, with the reason
    below the table.
    """

    example = ("kolla container list\nkolla container list openstack-interface --long\n"
               "kolla container list --drift\n"
               "kolla container list -f value -c name -c health")
    columns = ("name", "set", "generation", "release", "version", "pin", "health", "checked",
               "super_privileged", "pinned_since", "pinned_by")
    brief = ("name", "generation", "version", "health", "checked")
    nothing = "no container is enabled on this host"

    def get_parser(self, prog_name: str) -> Parser:
        parser = super().get_parser(prog_name)
        completed(parser.add_argument(
            "names", metavar="SET", nargs="*",
            help="list only containers of this container set (default: all)",
        ), "sets")
        chosen = parser.add_mutually_exclusive_group()
        parser.add_all(chosen)
        chosen.add_argument(
            "--drift", action="store_true",
            help="list only containers that differ from the configuration; asks the engine",
        )
        return parser

    def take_action(self, parsed_args: Namespace) -> Table:
        known = statuses(self.app.deployment, parsed_args.all)
        names = self._below(parsed_args.names) if parsed_args.names else {*known}
        self._drift = self._differing(names) if parsed_args.drift else {}
        if parsed_args.drift:
            names, self.nothing = {*self._drift}, "no container differs from the configuration"
        self._found = [status for name, status in known.items() if name in names]
        return self.columns, [self._row(status) for status in self._found]

    def _below(self, names: list[str]) -> set[str]:
        """The containers of these sets, whether they run here or not."""
        from kolla.cli.selection import Selection

        deployment = self.app.deployment
        sets = map(Selection(deployment).set_named, names)
        return {leaf.name for node in sets for leaf in deployment.catalog.subtree(node)}

    def _differing(self, names: set[str]) -> dict[str, str]:
        """By container: why it differs from the configuration."""
        from kolla.cli.matters import drift

        return {
            one.subject: one.text for one in drift(self.app.deployment) if one.subject in names
        }

    def _row(self, item: "Status") -> tuple[Any, ...]:
        spec = item.generation.snapshot if item.generation else None
        return (
            item.name, Text(item.container.parent if item.container else None),
            Text(item.generation.number if item.generation else None),
            Text(spec.release if spec else None), Text(spec.version if spec else None),
            ImageId(item.pin), item.health, Age(item.record.health_at),
            Text(item.super_privileged), Age(item.record.pinned_at), Text(item.record.pinned_by),
        )

    def below(self, names: Sequence[str], rows: list[Sequence[Any]]) -> list[str]:
        return [
            *pinned_lines(self._found),
            *(line for name, why in self._drift.items() for line in wrapped(name, why)),
        ]

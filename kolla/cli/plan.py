"""``kolla plan`` and ``kolla recover``."""

import logging

from kolla.cli import action, plans
from kolla.cli.base import Lister

LOG = logging.getLogger(__name__)


class Plan(Lister):
    """Show what an upgrade would change, and why

    Compares what the configuration asks for with what runs, and touches nothing. Also
    shown are pins: what stays at a release or image until the next explicit upgrade.
    With -f json, yaml, csv or value each operation is a row.
    """

    example = "kolla plan\nkolla plan keystone -f json"
    columns = plans.COLUMNS

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "names", metavar="NAME", nargs="*", help="a container or container set (default: all)"
        ).complete = "sets and containers"
        return parser

    def take_action(self, parsed_args):
        from kolla.actions.run import plan

        deployment = self.app.deployment
        names = parsed_args.names or [deployment.catalog.root.name]
        chosen = [container for name in names for container in deployment.choose.at(name)]
        found = plan(deployment, list(dict.fromkeys(chosen)))
        self.text = plans.text(found, deployment.records())
        return self.columns, plans.rows(found, deployment.records())


class Recover(action.Action):
    """Finish or undo what an interrupted command has begun

    After a crash or a power cut this brings every container to exactly one good
    generation. It runs at boot, and every command that changes state begins with it.
    If the state file was lost, it is made again from what the engine has. What runs is
    taken in, or named and left alone.
    """

    example = "kolla recover"
    kind = "recover"

    def containers(self, parsed_args):
        deployment = self.app.deployment
        return deployment.choose.below(deployment.catalog.root.name, leftover=True)

    def take_action(self, parsed_args):
        found = super().take_action(parsed_args)
        for stranger in self.app.deployment.strangers():
            LOG.warning("the container %s is left alone: %s", stranger.name, stranger.why)
        return found

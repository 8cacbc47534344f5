"""``kolla plan`` and ``kolla recover``."""

import logging
import pathlib
from argparse import Namespace
from typing import TYPE_CHECKING

from kolla.cli import action, plans
from kolla.cli.base import Configuration, Lister, Table, folded
from kolla.cli.parser import Parser
from kolla.cli.which import OnNodes
from kolla.errors import UsageError

if TYPE_CHECKING:
    from kolla.plugin import Container

LOG = logging.getLogger(__name__)

#: The exit code with --detailed-exitcode where something would change.
DIFFERENT = 2


class Plan(OnNodes, Lister):
    """Show what an upgrade would change, and why

    Compares the configuration with what runs, and changes nothing. It marks containers that
    keep their release because they are pinned, and those that are left over. Steps that only
    keep books are left out without -v. With -f json each container is a row, with lists of its
    changes and operations. Exit code 1 if something cannot be done.
    """

    example = "kolla plan\nkolla plan keystone -f json\nkolla plan --detailed-exitcode"
    configuration = Configuration.TODAYS
    columns = plans.COLUMNS
    leftover = True

    def get_parser(self, prog_name: str) -> Parser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "--detailed-exitcode", action="store_true", dest="detailed",
            help="end with exit code 2 if an upgrade would change something",
        )
        return parser

    def take_action(self, parsed_args: Namespace) -> Table:
        from kolla.actions.run import plan

        found = plan(self.app.deployment, self.containers(parsed_args))
        text = plans.text(found, self.app.options.verbose_level > 1)
        self.text = folded(text, self.app.stdout)
        if any(plan.blocked for plan in found.values()):
            self.exit_code = 1
        elif parsed_args.detailed and any(plan.operations for plan in found.values()):
            self.exit_code = DIFFERENT
        return self.columns, plans.rows(found, self.app.deployment.store.records())


class Recover(action.Prepared):
    """Finish or undo what an interrupted command has begun

    After a crash or a power cut this brings every container to exactly one good
    generation. It runs at boot, and every command that changes state begins with it.
    If the state file was lost, recovery rebuilds it from the containers on the engine; it
    names those that it cannot take in, and leaves them alone. With --from it begins with a
    copy of the state file, which has the history up to that day; the monitor makes a copy a
    day, below copies/ in the state directory.
    """

    example = "kolla recover\nkolla recover --from /var/lib/kolla/copies/kolla-2026-11-26.sqlite"
    kind = "recover"

    def get_parser(self, prog_name: str) -> Parser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "--from", dest="copy", metavar="FILE", type=pathlib.Path,
            help="first put this copy in the place of the state file",
        )
        return parser

    def containers(self, parsed_args: Namespace) -> "list[Container]":
        from kolla.cli.selection import Selection

        deployment = self.app.deployment
        return Selection(deployment).below(deployment.catalog.root.name, leftover=True)

    def take_action(self, parsed_args: Namespace) -> Table:
        from kolla.plans.observe import strangers

        if parsed_args.copy and parsed_args.dry_run:
            raise UsageError(
                "--dry-run cannot tell what follows from a copy that is not in place",
                "leave --dry-run or --from out",
            )
        if parsed_args.copy:
            self._restore(parsed_args.copy)
        found = super().take_action(parsed_args)
        for stranger in strangers(self.app.deployment):
            LOG.warning("the container %s is left alone: %s", stranger.name, stranger.why)
        return found

    def _restore(self, copy: pathlib.Path) -> None:
        deployment = self.app.deployment
        content = deployment.copies.read(copy)
        deployment.backend.version()  # recovery needs the engine to bring the copy up to date
        aside = deployment.copies.restore(content, deployment.locks.folder)
        deployment.store.reopen()
        deployment.store.restore_pins()
        if aside:
            LOG.warning("the state file as it was before is %s", aside)

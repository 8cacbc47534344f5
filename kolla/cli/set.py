"""``kolla set …``: container sets, the nodes of the tree."""

import pathlib
from argparse import Namespace
from collections.abc import Sequence
from typing import Any

from kolla.cli import node
from kolla.cli.base import Command, Configuration, Fields, Lister, ShowOne, Table
from kolla.cli.parser import Parser, completed
from kolla.cli.status import of_sets, pinned_lines, statuses
from kolla.cli.tree import Branch, branches, drawing
from kolla.cli.values import Age, Lines, Text
from kolla.cli.which import OnSets
from kolla.errors import UsageError


class List(Lister):
    """List container sets with health and pins

    The health is the last known one; `kolla set check` asks the containers.
    A set is healthy if all below it is, and degraded if a part does not serve. Pins stand
    below the table.
    """

    example = "kolla set list\nkolla set list -f json"
    columns = ("name", "set", "containers", "health", "checked", "summary", "pinned")
    brief = ("name", "containers", "health", "checked")
    nothing = "no container set is enabled on this host"

    def below(self, names: Sequence[str], rows: list[Sequence[Any]]) -> list[str]:
        return pinned_lines(statuses(self.app.deployment).values())

    def take_action(self, parsed_args: Namespace) -> Table:
        sets = [branch for branch in branches(self.app.deployment) if branch.is_set]
        return self.columns, [
            (branch.node.name, Text(branch.node.parent), len(branch.statuses),
             Text(branch.health), Age(branch.checked), branch.node.summary,
             Lines([one.name for one in branch.statuses if one.pin]))
            for branch in sets
        ]


class Tree(Lister):
    """Show the tree of container sets and containers

    With -f json, yaml, csv or value it is a list, each row with its depth and path.
    The health is the last known; `kolla set check` asks the containers.
    """

    example = "kolla set tree\nkolla set tree --all -f yaml"
    columns = ("name", "kind", "set", "depth", "path", "generation", "health", "checked",
               "super_privileged")

    def get_parser(self, prog_name: str) -> Parser:
        parser = super().get_parser(prog_name)
        parser.add_all()
        return parser

    def take_action(self, parsed_args: Namespace) -> Table:
        found = branches(self.app.deployment, parsed_args.all)
        root = self.app.deployment.catalog.root.name
        self.text = drawing(found, root, self.app.stdout)
        return self.columns, [branch.row() for branch in found]


class Show(ShowOne):
    """Show a container set: its place, members and health"""

    example = "kolla set show openstack-interface"
    columns = ("name", "summary", "path", "distribution", "sets", "containers", "health",
               "checked")

    def get_parser(self, prog_name: str) -> Parser:
        parser = super().get_parser(prog_name)
        completed(parser.add_argument("name", metavar="SET", help="a container set"), "sets")
        return parser

    def take_action(self, parsed_args: Namespace) -> Fields:
        from kolla.catalog.discovery import KOLLA
        from kolla.cli.selection import Selection

        catalog = self.app.deployment.catalog
        shown = Selection(self.app.deployment).set_named(parsed_args.name)
        root = shown is catalog.root
        path = () if root else catalog.path(shown.name)
        known = statuses(self.app.deployment)
        found = [known[leaf.name] for leaf in catalog.subtree(shown) if leaf.name in known]
        branch = Branch(shown, path, found, of_sets(self.app.deployment, known).get(shown.name))
        return self.columns, (
            shown.name, shown.summary, "/".join(path),
            KOLLA if root else catalog.distribution(shown.name),
            Lines([child.name for child in catalog.children(shown) if child.name in catalog.sets]),
            Lines({status.name: status.health for status in found}),
            Text(branch.health), Age(branch.checked),
        )


class Start(OnSets, node.Start):
    """Start the containers of a set

    Makes those that are missing and starts those that are stopped, in the order of their
    requirements, and waits for their checks. A container that runs is left alone even if the
    configuration has changed.
    """

    example = "kolla set start\nkolla set start database-control --dry-run"


class Stop(OnSets, node.Stop):
    """Stop the containers of a set, in reverse order

    They stay stopped, also after a reboot, until they are started again.
    """

    example = "kolla set stop openstack-interface"


class Restart(OnSets, node.Restart):
    """Restart the containers of a set

    HTTP services are handed over to a new generation of the same spec: no request is lost.
    Workers that can be are relieved by one.
    """

    example = "kolla set restart openstack-interface"


class Upgrade(OnSets, node.Upgrade):
    """Upgrade the containers of a set

    To what the configuration says, or to a release. Each container is upgraded atomically;
    the set is not. If one fails, the others stay as they are, and the report says which are
    done, failed and not begun. Run the command again to continue.
    """

    example = "kolla set upgrade --dry-run\nkolla set upgrade openstack-interface --release 2026.2"

    def get_parser(self, prog_name: str) -> Parser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "--rollback-on-failure", action="store_true",
            help="if one fails, return those that were already upgraded",
        )
        return parser

    def details(self, parsed_args: Namespace) -> dict[str, Any]:
        return {
            **super().details(parsed_args),
            "rollback_on_failure": parsed_args.rollback_on_failure,
        }


class Rollback(OnSets, node.Rollback):
    """Return the containers of a set to an earlier state

    Each returns to its last known good generation. It goes back as with `kolla container
    rollback`, even if the last upgrade of the set did not change it; see --rollback-on-failure
    of `kolla set upgrade`.
    """

    example = "kolla set rollback openstack-interface --dry-run"


class Confirm(OnSets, node.Confirm):
    """Confirm that the current generations of a set stay

    This cannot be undone. See `kolla container confirm`.
    """

    example = "kolla set confirm openstack-interface"


class Maintenance(OnSets, node.Maintenance):
    """Turn maintenance mode of a set on or off

    See `kolla container maintenance`.
    """

    example = "kolla set maintenance on openstack-interface --for 2h"


class Check(OnSets, node.Check):
    """Check the health of a set now

    The exit code is 0 if all are healthy, else 1. With --quick no check runs: the answer is
    the last result of `kolla monitor`.
    """

    example = "kolla set check && echo all is well"


class Logs(OnSets, node.Logs):
    """Print the logs of a set, merged by time

    Prints the lines of all generations of each container, as `kolla container logs` does.
    """

    example = ("kolla set logs openstack-interface --since 10m\n"
               "kolla set logs --follow --tail 0 --grep '(?i)error'")


class Delete(OnSets, node.Delete):
    """Delete the containers of a set

    Their data stay in their volumes, and a later start finds them, unless --data is given.
    """

    example = "kolla set delete openstack-interface --yes"


class Export(OnSets, Command):
    """Export a set for another orchestration tool

    Neither touches the host nor asks the engine. Prints the names of the files it wrote, the
    main one first. Only root can read those that have secrets.
    """

    example = "kolla set export --format compose --output /srv/openstack"
    configuration = Configuration.TODAYS

    def get_parser(self, prog_name: str) -> Parser:
        parser = super().get_parser(prog_name)
        completed(parser.add_argument(
            "--format", metavar="NAME", default="compose",
            help="output format (entry points kolla.exporters; default: compose)",
        ), "exporters")
        parser.add_argument("--output", metavar="DIR", required=True, help="output directory")
        return parser

    def take_action(self, parsed_args: Namespace) -> int | None:
        from kolla.exporters.tree import tree
        from kolla.files import write_whole

        export = self.app.deployment.installed.exporter(parsed_args.format)
        exported = tree(self.app.deployment, self.containers(parsed_args))
        output = pathlib.Path(parsed_args.output).absolute()
        if output.exists() and not output.is_dir():
            raise UsageError(f"{output} is no folder", "name one, or one that does not exist yet")
        for written in export(exported, output):
            path = output / written.path
            write_whole(path, written.content, written.mode, written.owner)
            self.app.stdout.write(f"{path}\n")
        return 0

"""The nouns of commands: mixed in before a verb, they select its containers."""

from argparse import Namespace
from typing import TYPE_CHECKING

from kolla.cli.base import Command
from kolla.cli.parser import Parser, completed
from kolla.cli.status import known_name
from kolla.errors import UsageError

if TYPE_CHECKING:
    from kolla.cli.selection import Selection
    from kolla.plugin import Container


class OnContainers(Command):
    """A noun: one container or several."""

    def get_parser(self, prog_name: str) -> Parser:
        parser = super().get_parser(prog_name)
        completed(parser.add_argument(
            "names", metavar="NAME", nargs="+", help="a container"
        ), "containers")
        return parser

    def containers(self, parsed_args: Namespace) -> "list[Container]":
        from kolla.cli.selection import Selection

        return Selection(self.app.deployment).named(parsed_args.names, self.leftover)

    def only_one(self, parsed_args: Namespace, option: str) -> None:
        """Refuse an option that makes no sense for several containers."""
        if len(parsed_args.names) > 1:
            raise UsageError(f"{option} is for one container, and several are named")


class OnOne(Command):
    """A noun: one container."""

    def get_parser(self, prog_name: str) -> Parser:
        parser = super().get_parser(prog_name)
        completed(parser.add_argument("name", metavar="NAME", help="a container"), "containers")
        return parser

    def name(self, parsed_args: Namespace) -> str:
        """The name of the container, after a check that it exists."""
        return known_name(self.app.deployment, parsed_args.name)


class OnNodes(Command):
    """A noun: any nodes of the tree, or the whole deployment."""

    #: The name of its argument, what that is, and the source of its completion.
    argument = ("NAME", "a container or container set", "sets and containers")
    #: Whether a node must be named; if not, no name means everything.
    name_required = False

    def get_parser(self, prog_name: str) -> Parser:
        parser = super().get_parser(prog_name)
        name, what, source = self.argument
        completed(parser.add_argument(
            "names", metavar=name, nargs="+" if self.name_required else "*",
            help=f"{what}; `all` is the whole deployment"
            + ("" if self.name_required else " (default)"),
        ), source)
        return parser

    def containers(self, parsed_args: Namespace) -> "list[Container]":
        from kolla.cli.selection import Selection

        deployment = self.app.deployment
        names = parsed_args.names or [deployment.catalog.root.name]
        choose = Selection(deployment)
        found = [c for name in names for c in self.selected(choose, name)]
        if not found:
            choose.explain_nothing(names)
        return list(dict.fromkeys(found))

    def selected(self, choose: "Selection", name: str) -> "list[Container]":
        """The containers that a name stands for."""
        return choose.at(name, self.leftover)


class OnSets(OnNodes):
    """A noun: the containers of sets, or of the whole deployment."""

    argument = ("SET", "a container set", "sets")

    def selected(self, choose: "Selection", name: str) -> "list[Container]":
        return choose.below(name, self.leftover)

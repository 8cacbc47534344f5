"""``kolla help``."""

from argparse import Namespace

from kolla.cli.base import Command
from kolla.cli.parser import Parser


class Help(Command):
    """Show help for a command, or list all commands

    The same as `kolla COMMAND --help`.
    """

    example = "kolla help container upgrade"

    def get_parser(self, prog_name: str) -> Parser:
        parser = super().get_parser(prog_name)
        parser.add_argument("words", metavar="COMMAND", nargs="*", help="the words of a command")
        return parser

    def take_action(self, parsed_args: Namespace) -> int | None:
        return self.app.print_help(parsed_args.words)

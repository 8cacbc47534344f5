"""``kolla help``."""

from kolla.cli.base import Command


class Help(Command):
    """Explain a command, or list all commands

    The same as `kolla COMMAND --help`.
    """

    example = "kolla help container upgrade"

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument("words", metavar="COMMAND", nargs="*", help="the words of a command")
        return parser

    def take_action(self, parsed_args):
        return self.app.print_help(parsed_args.words)

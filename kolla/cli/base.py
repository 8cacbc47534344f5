"""The base of all commands: exact arguments, an example in the help, and exit codes.

A command declares ``example`` (one command line or several), and a Lister or ShowOne its
``columns``: their titles are the keys of the JSON output, so they stay as they are.
"""

import enum
import inspect
from argparse import Namespace
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, cast

from cliff import command, display, lister, show

from kolla.cli.parser import Parser
from kolla.cli.values import FLAT, flat
from kolla.errors import UsageError, nearest

if TYPE_CHECKING:
    from kolla.cli.main import Kolla


class Configuration(enum.Enum):
    """Which configuration a command can work with."""

    #: Only today's: the command shows it or makes something from it.
    TODAYS = enum.auto()
    #: The last valid configuration, if today's cannot be read.
    READABLE = enum.auto()
    #: The last valid configuration, if today's has problems: the command acts on recorded
    #: containers, and an emergency must not wait for a repair of the configuration.
    LAST_VALID = enum.auto()


#: What a table prints: its columns, and its rows.
Table = tuple[Sequence[str], Iterable[Sequence[Any]]]
#: What one object prints: the names of its fields, and their values.
Fields = tuple[Sequence[str], Sequence[Any]]


class Command(command.Command):
    """A command that prints by itself; ``take_action`` returns the exit code or None."""

    app: "Kolla"

    example = ""
    configuration = Configuration.READABLE

    def get_description(self) -> str:
        return self._description or inspect.getdoc(type(self)) or ""

    def get_epilog(self) -> str:
        lines = "\n".join(f"  {line}" for line in self.example.splitlines())
        return f"example:\n{lines}" if lines else ""

    def get_parser(self, prog_name: str) -> Parser:
        parser = Parser(
            prog=prog_name, description=self.get_description(), epilog=self.get_epilog()
        )
        for hook in self._hooks:
            if hook.obj:
                hook.obj.get_parser(parser)
        return parser


class _Columns(display.DisplayCommandBase, Command):
    """A command whose output one of cliff's formatters prints."""

    columns: tuple[str, ...] = ()
    #: The exit code, which ``take_action`` sets if the output reports a problem.
    exit_code = 0

    def get_parser(self, prog_name: str) -> Parser:
        return cast(Parser, super().get_parser(prog_name))

    def run(self, parsed_args: Namespace) -> int:
        if parsed_args.formatter == "yaml":
            _write_members_as_text()
        titles = self.titles(parsed_args)
        for column in parsed_args.columns:
            if titles and column not in titles:
                raise UsageError(
                    f"there is no column {column!r}{nearest(column, titles)}",
                    f"the columns are: {', '.join(titles)}",
                )
        return super().run(parsed_args) or self.exit_code

    def titles(self, parsed_args: Namespace) -> tuple[str, ...]:
        """The columns of the output, if they depend on the arguments."""
        return self.columns


def _write_members_as_text() -> None:
    """Let YAML print members of enumerations as texts, as JSON does."""
    import yaml

    yaml.SafeDumper.add_multi_representer(
        enum.StrEnum, lambda dumper, member: dumper.represent_str(member.value)
    )


class Lister(_Columns, lister.Lister):
    """A table: ``take_action`` returns the columns and the rows."""

    #: The text that people read instead of the table, if ``take_action`` sets one.
    text: str | None = None

    def get_parser(self, prog_name: str) -> Parser:
        parser = super().get_parser(prog_name)
        parser.set_defaults(print_empty=True)
        return parser

    def produce_output(
        self, parsed_args: Namespace, column_names: Sequence[str], data: Iterable[Sequence[Any]]
    ) -> int:
        if self.text is not None and parsed_args.formatter == "table" and not parsed_args.columns:
            self.app.stdout.write(f"{self.text}\n")
            return 0
        if parsed_args.formatter in FLAT:
            data = [tuple(map(flat, row)) for row in data]
        return super().produce_output(parsed_args, column_names, data)


class ShowOne(_Columns, show.ShowOne):
    """One object with its fields: ``take_action`` returns the columns and the values."""

    def produce_output(
        self, parsed_args: Namespace, column_names: Sequence[str], data: Sequence[Any]
    ) -> int:
        if parsed_args.formatter in FLAT:
            data = tuple(map(flat, data))
        return super().produce_output(parsed_args, column_names, data)

"""The base of all commands: exact arguments, an example in the help, and exit codes.

A command declares ``example`` (one command line or several), and a Lister or ShowOne its
``columns``: their titles are the keys of the JSON output, so they stay as they are.
"""

import enum
import inspect
import shutil
import textwrap
from argparse import Namespace
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, TextIO, cast

from cliff import command, display, lister, show

from kolla.cli import colour
from kolla.cli.colour import plain
from kolla.cli.parser import Parser
from kolla.cli.values import FLAT, Age, Painted, flat, text_of
from kolla.errors import UsageError, nearest

if TYPE_CHECKING:
    from kolla.cli.main import Kolla

#: Columns with times, which people see as ages.
TIMES = {"at", "checked", "created", "ends", "last", "packages", "pinned_since"}
#: Columns whose words have colours.
PAINTED = {"health", "outcome", "result", "state"}


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
    #: Whether it includes containers that exist but are no longer enabled on this host.
    leftover = False

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
        parser = cast(Parser, super().get_parser(prog_name))
        if self.long:
            parser.add_argument("--long", action="store_true", help=self.long)
        if not TIMES.isdisjoint(self.columns):
            parser.add_argument(
                "--utc", action="store_true", help="show times as dates (UTC), not as ages"
            )
        return parser

    @property
    def long(self) -> str:
        """What --long does; empty: there is no such option."""
        return ""

    def run(self, parsed_args: Namespace) -> int:
        if parsed_args.formatter == "yaml":
            _write_members_as_text()
        titles = self.titles(parsed_args)
        for chosen in ("columns", "sort_columns"):
            if columns := getattr(parsed_args, chosen, []):
                setattr(parsed_args, chosen, _in_their_case(columns, titles))
        return super().run(parsed_args) or self.exit_code

    def titles(self, parsed_args: Namespace) -> tuple[str, ...]:
        """The columns of the output, if they depend on the arguments."""
        return self.columns

    def _for_people(
        self, parsed_args: Namespace, names: Sequence[str], cells: Iterable[Any]
    ) -> tuple[Any, ...]:
        """The cells of a table with dates where these are asked for, and colours."""
        shown = list(cells)
        if getattr(parsed_args, "utc", False):
            shown = [cell.dated() if isinstance(cell, Age) else cell for cell in shown]
        if colour.wanted(self.app.stdout):
            shown = [Painted(cell) if name in PAINTED else cell
                     for name, cell in zip(names, shown)]
        return tuple(shown)


def _write_members_as_text() -> None:
    """Let YAML print members of enumerations as texts, as JSON does."""
    import yaml

    yaml.SafeDumper.add_multi_representer(
        enum.StrEnum, lambda dumper, member: dumper.represent_str(member.value)
    )


class Lister(_Columns, lister.Lister):
    """A table: ``take_action`` returns the columns and the rows."""

    #: The columns of the table that people see without --long; empty: all.
    brief: tuple[str, ...] = ()
    #: The column with free text, which people read below the table.
    prose = ""
    #: What people read where there are no rows.
    nothing = "nothing found"
    #: The text that people read instead of the table, if ``take_action`` sets one.
    text: str | None = None

    def get_parser(self, prog_name: str) -> Parser:
        parser = super().get_parser(prog_name)
        parser.set_defaults(print_empty=True)
        return parser

    @property
    def long(self) -> str:
        return "show all columns" if self.brief else ""

    def produce_output(
        self, parsed_args: Namespace, column_names: Sequence[str], data: Iterable[Sequence[Any]]
    ) -> int:
        if parsed_args.formatter in FLAT:
            # A column of "value" that is empty would shift those behind it.
            nothing = "-" if parsed_args.formatter == "value" else ""
            data = [tuple(flat(cell, nothing) for cell in row) for row in data]
        if parsed_args.formatter == "table":
            return self._show(parsed_args, column_names, list(data))
        return super().produce_output(parsed_args, column_names, data)

    def _show(
        self, parsed_args: Namespace, names: Sequence[str], rows: list[Sequence[Any]]
    ) -> int:
        """Print the text or the table for people, and below it what does not fit into a table."""
        chosen = list(parsed_args.columns)
        if self.text is not None and not chosen:
            self.app.stdout.write(f"{self.text}\n")
            return 0
        if not rows:
            self.app.stdout.write(f"{self.nothing}\n")
            return 0
        if not chosen:
            full = getattr(parsed_args, "long", False) or not self.brief
            shown = names if full else self.brief
            parsed_args.columns = [name for name in shown if name != self.prose]
        cells = [self._for_people(parsed_args, names, row) for row in rows]
        if not chosen and getattr(parsed_args, "long", False) and _too_wide(names, cells):
            self.app.stdout.write(_as_blocks(names, cells))
            return 0
        super().produce_output(parsed_args, names, cells)
        parsed_args.columns = chosen
        for line in [] if chosen else self.below(names, rows):
            self.app.stdout.write(f"{line}\n")
        return 0

    def below(self, names: Sequence[str], rows: list[Sequence[Any]]) -> list[str]:
        """The lines below the table: the free text of each row, after its first cell, once."""
        if self.prose not in names:
            return []
        place = list(names).index(self.prose)
        said = dict.fromkeys((text_of(row[0]), text_of(row[place])) for row in rows if row[place])
        return [line for subject, text in said for line in wrapped(subject, text)]


class ShowOne(_Columns, show.ShowOne):
    """One object with its fields: ``take_action`` returns the columns and the values.

    People see the fields that say something, unless they ask for all.
    """

    @property
    def long(self) -> str:
        return "show empty fields too, and long texts as a whole"

    def produce_output(
        self, parsed_args: Namespace, column_names: Sequence[str], data: Sequence[Any]
    ) -> int:
        if parsed_args.formatter in FLAT:
            data = tuple(map(flat, data))
        if parsed_args.formatter == "table":
            data = self._for_people(parsed_args, column_names, data)
            if not (parsed_args.long or parsed_args.columns):
                parsed_args.columns = [
                    name for name, cell in zip(column_names, data)
                    if plain(text_of(cell)) not in ("", "-", "None", "[]")
                ]
        return super().produce_output(parsed_args, column_names, data)


def _in_their_case(columns: Sequence[str], titles: Sequence[str]) -> list[str]:
    """Columns as their titles are written. UsageError for one that is none of them."""
    by_lower_case = {title.lower(): title for title in titles}
    for column in columns:
        if titles and column.lower() not in by_lower_case:
            raise UsageError(
                f"there is no column {column!r}{nearest(column, titles)}",
                f"the columns are: {', '.join(titles)}",
            )
    return [by_lower_case.get(column.lower(), column) for column in columns]


def _too_wide(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> bool:
    """Whether a table of all columns does not fit the terminal."""
    widths = [
        max(len(plain(text_of(row[place]))) for row in [*rows, names])
        for place in range(len(names))
    ]
    return sum(widths) + 3 * len(names) + 1 > shutil.get_terminal_size().columns


def _as_blocks(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Each row as a block with a line for each column that says something."""
    width = max(map(len, names))
    blocks = [
        "\n".join(
            f"{name:<{width}}  {text.replace(chr(10), chr(10) + ' ' * (width + 2))}"
            for name, cell in zip(names, row) if plain(text := text_of(cell)) not in ("", "-")
        ) for row in rows
    ]
    return "\n\n".join(blocks) + "\n"


def folded(text: str, stream: TextIO) -> str:
    """Lines no wider than the terminal that is written to; what follows is indented further."""
    return "\n".join(map(_folded, text.split("\n"))) if stream.isatty() else text


def _folded(line: str) -> str:
    indent = " " * (len(line) - len(line.lstrip()) + 2)
    return textwrap.fill(
        line, shutil.get_terminal_size().columns, subsequent_indent=indent,
        break_long_words=False, break_on_hyphens=False,
    )


def wrapped(name: str, text: str) -> list[str]:
    """A text after a name, as wide as the terminal."""
    width = max(shutil.get_terminal_size().columns, 40)
    return [
        line for number, piece in enumerate(text.splitlines())
        for line in textwrap.wrap(
            piece, width, initial_indent="  " if number else f"{name}: ",
            subsequent_indent="  ", break_long_words=False, break_on_hyphens=False,
        )
    ]

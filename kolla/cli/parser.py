"""Parses the command line: exact names only, errors on one line."""

import argparse
import re
import textwrap
from typing import Any, NoReturn

from kolla.errors import UsageError, nearest


#: The units of a length of time, in seconds.
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
#: The end of the help of what prints a table.
FORMS = "For programs: -f json|yaml|csv|value and -c COLUMN; `--help -v` has more."
#: Ten years in seconds, the longest time with an end.
LONGEST = 3650 * 86400


class _Formatter(argparse.HelpFormatter):
    """Fills paragraphs; those with indented lines, such as examples, stay as they are."""

    def __init__(self, prog: str):
        super().__init__(prog, max_help_position=22)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n\n".join(
            paragraph if "\n " in paragraph else "\n".join(
                indent + line for line in self._split_lines(paragraph, width - len(indent)))
            for paragraph in text.split("\n\n")
        )

    def _split_lines(self, text: str, width: int) -> list[str]:
        """An option is not broken at its dashes, so that it can be searched for and copied."""
        return textwrap.wrap(" ".join(text.split()), width, break_on_hyphens=False)


class Parser(argparse.ArgumentParser):
    """A parser that raises UsageError where argparse would print its usage and exit.

    Its help begins with the examples, and has the options for the form of the output only if
    ``everything`` is set.
    """

    everything = False

    def __init__(self, **arguments: Any):
        super().__init__(formatter_class=_Formatter, allow_abbrev=False, **arguments)
        self._own = len(self._action_groups)

    def add_dry_run(self, help: str) -> None:
        """The option with which a command only tells what it would do."""
        self.add_argument("--dry-run", action="store_true", help=help)

    def add_all(self, group: argparse._ActionsContainer | None = None) -> None:
        """The option with which a list also has what does not run on this host."""
        (group or self).add_argument(
            "--all", action="store_true", help="include what does not run on this host"
        )

    def call(self) -> str:
        """How the command is called."""
        shapes: dict[Any, str] = {
            None: "{0}", "?": "[{0}]", "*": "[{0} ...]", "+": "{0} [{0} ...]", "...": "[{0} ...]",
        }
        words = [
            shapes[action.nargs].format(action.metavar)
            for action in self._get_positional_actions()
        ]
        return " ".join([self.prog, *words, "[OPTIONS]"])

    def own_arguments(self) -> list[argparse.Action]:
        """Arguments and options without those that cliff adds to every command."""
        groups = self._action_groups[:self._own]
        return [action for group in groups for action in group._group_actions]

    def format_help(self) -> str:
        self.usage = self.usage or self.call()
        text = self._get_formatter()
        text.add_usage(self.usage, self._actions, self._mutually_exclusive_groups)
        text.add_text(self.description)
        text.add_text(self.epilog)
        for group in self._action_groups if self.everything else self._action_groups[:self._own]:
            text.start_section(group.title)
            text.add_text(group.description)
            text.add_arguments(group._group_actions)
            text.end_section()
        if self._action_groups[self._own:] and not self.everything:
            text.add_text(FORMS)
        return text.format_help()

    def error(self, message: str) -> NoReturn:
        unknown = re.match(r"unrecognized arguments: (--?[^\s=]+)", message)
        suggestion = nearest(unknown[1], self.options()) if unknown else ""
        raise UsageError(
            f"{message}{suggestion}", f"`{self.prog} --help` explains the command"
        )

    def options(self) -> list[str]:
        """All options, with their dashes."""
        return list(self._option_string_actions)

    def option(self, text: str) -> argparse.Action | None:
        """The arguments of an option."""
        return self._option_string_actions.get(text)

    def positional(self, words: list[str]) -> argparse.Action | None:
        """The positional argument that comes after these words."""
        given = self._count_positional(words)
        for number, action in enumerate(self._get_positional_actions()):
            if number == given or action.nargs in ("*", "+", argparse.REMAINDER):
                return action
        return None

    def _count_positional(self, words: list[str]) -> int:
        waiting = [bool(option and option.nargs != 0) for option in map(self.option, words)]
        return sum(
            not word.startswith("-") and not is_value
            for word, is_value in zip(words, [False, *waiting])
        )


def completed(action: argparse.Action, source: str) -> None:
    """Have the shell complete an argument from a source of ``kolla complete``."""
    action.complete = source  # type: ignore[attr-defined]


def assignment(text: str) -> tuple[str, str]:
    """The type of ``GROUP.OPTION=VALUE``: option and value."""
    option, equals, value = text.partition("=")
    if not equals or "." not in option:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form GROUP.OPTION=VALUE")
    return option, value


def duration(text: str) -> int:
    """The type of a length of time like ``90s``, ``10m``, ``2h`` or ``1d``: seconds."""
    match = re.fullmatch(r"(\d+)([smhd])", text)
    if not match:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time like 90s, 10m, 2h or 1d")
    if len(match[1]) > 9 or int(match[1]) * UNITS[match[2]] > LONGEST:
        raise argparse.ArgumentTypeError(f"{text[:20]!r} is longer than {LONGEST // 86400}d")
    return int(match[1]) * UNITS[match[2]]


def count(text: str) -> int:
    """The type of a count: 0 or more."""
    if not text.isdecimal() or len(text) > 18:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 0 or more")
    return int(text)


def positive(text: str) -> int:
    """The type of a number from 1 on."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)

"""The manual page kolla(1), made from the commands that are installed."""

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING

from kolla.catalog import discovery
from kolla.cli.parser import Parser

if TYPE_CHECKING:
    from kolla.cli.main import Kolla

_AFTER = """\
.SH EXIT STATUS
0: done. 1: it failed, or something is not healthy. 2: wrong usage; nothing was touched.
.SH FILES
.TP
.I /etc/kolla/kolla.conf
What holds for all hosts. Then come
.IR /etc/kolla/kolla.conf.d/*.conf ,
.I /etc/kolla/hosts/HOST.conf
and the environment.
.TP
.I /etc/kolla/kolla.conf.d/passwords.conf
Secrets.
.TP
.I /var/lib/kolla
What kolla remembers: records, locks, archived logs, dumps.
.SH ENVIRONMENT
.TP
.I OS_<GROUP>__<OPTION>
Sets an option.
.TP
.I NO_COLOR
No colours.
.SH SEE ALSO
.BR docker (1),
.BR systemctl (1),
.BR journalctl (1)
"""


def page(app: "Kolla") -> str:
    """The page as troff."""
    lines = [
        f'.TH KOLLA 1 "" "kolla {discovery.version()}" "User Commands"',
        ".SH NAME", r"kolla \- run OpenStack on this host as containers",
        ".SH SYNOPSIS", ".B kolla", "[OPTIONS] COMMAND [ARGUMENTS]",
        ".SH DESCRIPTION", *_paragraphs(app.parser.description or ""),
        ".SH OPTIONS", *_arguments(app.parser),
        ".SH COMMANDS",
    ]
    for name in app.command_manager.summaries():
        lines += _command(app, name)
    return "\n".join(lines) + "\n" + _AFTER


def _command(app: "Kolla", name: str) -> Iterator[str]:
    command_class, _, _ = app.command_manager.find_command(name.split())
    command = command_class(app, app.options, cmd_name=name)
    parser: Parser = command.get_parser(f"kolla {name}")
    yield f'.SS "{_escaped(parser.call())}"'
    yield from _paragraphs(parser.description or "")
    yield from _arguments(parser)
    _, _, example = (parser.epilog or "").partition("\n")
    if example:
        yield from (".PP", ".nf", *map(_escaped, example.splitlines()), ".fi")


def _arguments(parser: Parser) -> Iterator[str]:
    for action in parser.own_arguments():
        if isinstance(action, argparse._HelpAction):
            continue
        value = "" if action.nargs == 0 else f" {action.metavar or action.dest.upper()}"
        names = ", ".join(action.option_strings)
        yield ".TP"
        yield f".B {_escaped(names + value if names else value.strip())}"
        yield _escaped(action.help or "")


def _paragraphs(text: str) -> Iterator[str]:
    for paragraph in text.split("\n\n"):
        yield ".PP"
        yield from (_escaped(line.strip()) for line in paragraph.splitlines())


def _escaped(text: str) -> str:
    """Text that troff prints as it is; a dash in it can be copied."""
    text = text.replace("\\", r"\e").replace("-", r"\-").replace('"', r"\(dq")
    return rf"\&{text}" if text.startswith((".", "'")) else text

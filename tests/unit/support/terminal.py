"""A terminal of 80 columns: what commands leave on it, as text and as a picture."""

import dataclasses
import fcntl
import io
import itertools
import os
import pathlib
import pty
import re
import struct
import sys
import termios
import threading
from collections.abc import Callable
from unittest import mock

import pyte
from rich.console import Console
from rich.style import Style
from rich.text import Text

COLUMNS, LINES = 80, 24
#: Room for whatever one command writes.
ROLL = 400


class Terminal(io.StringIO):
    """A stream that takes what is written for a terminal."""

    def isatty(self) -> bool:
        return True


#: rich's own loads a font from another site.
PICTURE = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: "DejaVu Sans Mono", Menlo, Consolas, monospace;
  font-size: {char_height}px; line-height: {line_height}px; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})"
   clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


@dataclasses.dataclass(frozen=True)
class Shown:
    """What one command left on the terminal."""

    line: str
    exit_code: int
    #: With their colours.
    lines: list[Text]

    @property
    def text(self) -> str:
        return "\n".join([f"# {self.line}", *(line.plain for line in self.lines), ""])


def run(line: str, command: Callable[[], int]) -> Shown:
    """Run a command of this process on a terminal; ``line`` is what one would type."""
    screen = pyte.Screen(COLUMNS, ROLL)
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    reader = threading.Thread(target=_follow, args=(ours, pyte.ByteStream(screen)))
    reader.start()
    try:
        with open(theirs, "w") as terminal, mock.patch.multiple(
            sys, stdout=terminal, stderr=terminal
        ):
            exit_code = command()
    finally:
        reader.join()
        os.close(ours)
    lines = [_coloured(screen.buffer[number]) for number in range(ROLL)]
    while lines and not lines[-1].plain:
        lines.pop()
    return Shown(line, exit_code, lines)


def _follow(descriptor: int, stream: pyte.ByteStream) -> None:
    while data := _read(descriptor):
        stream.feed(data)


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:  # the other end is closed
        return b""


def _coloured(row) -> Text:
    cells = [row[column] for column in range(COLUMNS)]
    text = Text()
    for (colour, bold), run in itertools.groupby(cells, lambda cell: (cell.fg, cell.bold)):
        text.append("".join(cell.data for cell in run), Style(color=_colour(colour), bold=bold))
    text.rstrip()
    return text


def _colour(name: str) -> str | None:
    if name == "default":
        return None
    if re.fullmatch("[0-9a-f]{6}", name):
        return f"#{name}"
    return {"brown": "yellow"}.get(name, name.replace("bright", "bright_"))


def replaced(shown: Shown, words: dict[str, str]) -> Shown:
    """The same with the places of the test in the words of the manual."""
    lines = []
    for line in shown.lines:
        for old, new in words.items():
            while (at := line.plain.find(old)) >= 0:
                line = line[:at] + Text(new) + line[at + len(old):]
        lines.append(line)
    return dataclasses.replace(shown, lines=lines)


def picture(path: pathlib.Path, title: str, *shown: Shown) -> None:
    """Draw the last screen of these commands, one after the other."""
    lines = [part for each in shown for part in (Text(f"# {each.line}"), *each.lines)]
    with open(os.devnull, "w") as nowhere:
        console = Console(record=True, width=COLUMNS, file=nowhere, force_terminal=True)
        for line in lines[-LINES:]:
            console.print(line, no_wrap=True, crop=False, highlight=False)
        path.write_text(console.export_svg(
            title=title, code_format=PICTURE, unique_id=f"t-{path.stem}",
        ))

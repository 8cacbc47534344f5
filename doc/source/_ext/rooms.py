"""``.. rooms::`` draws the floors of the house from the rule that import-linter checks."""

import configparser
import html
import pathlib

from docutils import nodes
from docutils.parsers.rst import Directive

RULES = pathlib.Path(__file__).parents[3] / ".importlinter"
WIDTH, HEIGHT, GAP = 640, 34, 6


def floors() -> list[list[str]]:
    """The rooms of each floor, from the top."""
    rules = configparser.ConfigParser()
    rules.read(RULES)
    lines = rules["importlinter:contract:rooms"]["layers"].split("\n")
    return [
        [room.strip().removeprefix("kolla.") for room in line.split("|")]
        for line in lines if line.strip()
    ]


def drawing() -> str:
    rows = floors()
    parts = []
    for row, rooms in enumerate(rows):
        width = (WIDTH - GAP * (len(rooms) - 1)) / len(rooms)
        for column, room in enumerate(rooms):
            left, top = column * (width + GAP), row * (HEIGHT + GAP)
            parts.append(
                f'<rect x="{left:.0f}" y="{top}" width="{width:.0f}" height="{HEIGHT}" rx="5" '
                'fill="none" stroke="currentColor" stroke-opacity="0.5"/>'
                f'<text x="{left + width / 2:.0f}" y="{top + HEIGHT / 2 + 5:.0f}" '
                f'text-anchor="middle" fill="currentColor">{html.escape(room)}</text>'
            )
    height = len(rows) * (HEIGHT + GAP)
    return (
        f'<div class="drawing"><svg viewBox="-1 -1 {WIDTH + 2} {height}" width="{WIDTH}" '
        'role="img" '
        'aria-label="The rooms of kolla, each floor above those that it may import" '
        f'font-family="monospace" font-size="14">{"".join(parts)}</svg></div>'
    )


class Rooms(Directive):
    def run(self):
        return [nodes.raw("", drawing(), format="html")]


def setup(app):
    app.add_directive("rooms", Rooms)
    return {"parallel_read_safe": True}

"""What a virtual machine noticed, as an SVG picture: a line for each thing done below it."""

import html
from collections.abc import Sequence
from typing import Protocol

#: Pixels.
WIDTH, HEIGHT, LEFT, TOP = 800, 18, 330, 56

STYLE = """\
text { font: 12px sans-serif; fill: #333 }
.title { font-weight: bold }
.done { fill: #8ab4f8; opacity: .5 }
.gap { fill: #e66100 }
.lost { stroke: #d01c1c; stroke-width: 1 }
"""


class Line(Protocol):
    target: str
    action: str
    took: float
    gaps: list[tuple[float, float]]
    lost: list[float]


def drawing(lines: Sequence[Line], bar: float) -> str:
    """``bar``: the seconds without a tick from which on a gap is shown."""
    scale = WIDTH / max(line.took + 2 for line in lines)
    height = TOP + len(lines) * HEIGHT + 20
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 20}" height="{height}">',
        f"<style>{STYLE}</style>", '<rect width="100%" height="100%" fill="white"/>',
        _text(10, 20, "a virtual machine while what is below it is replaced", "title"),
        _text(10, 38, f"blue: the command; orange: more than {1000 * bar:.0f} ms without a tick;"
                      f" red: a ping that was lost; the longest took"
                      f" {max(line.took for line in lines):.1f} s"),
    ]
    for number, line in enumerate(lines):
        top = TOP + number * HEIGHT
        parts += [
            _text(10, top + 12, f"{line.target} {line.action}".strip()),
            _box("done", LEFT, top + 2, line.took * scale, HEIGHT - 4),
            *(_box("gap", LEFT + begin * scale, top + 5, (end - begin) * scale, HEIGHT - 10)
              for begin, end in line.gaps if end - begin > bar),
            *(f'<line class="lost" x1="{LEFT + at * scale:.1f}" x2="{LEFT + at * scale:.1f}"'
              f' y1="{top}" y2="{top + HEIGHT}"/>' for at in line.lost),
        ]
    return "\n".join([*parts, "</svg>"])


def _box(kind: str, x: float, y: float, width: float, height: float) -> str:
    return f'<rect class="{kind}" x="{x:.1f}" y="{y}" width="{width:.1f}" height="{height}"/>'


def _text(x: float, y: float, text: str, kind: str = "") -> str:
    return f'<text x="{x}" y="{y}" class="{kind}">{html.escape(text)}</text>'

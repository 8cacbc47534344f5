"""Latency over time as an SVG picture: a panel for each way, changes shaded, failures red."""

import collections
import html
import math
from collections.abc import Iterable

from tests.benchmarks.stats import median

#: Pixels.
WIDTH, HEIGHT, LEFT, TOP, BETWEEN = 1100, 150, 70, 50, 46
#: Milliseconds at the bottom and at the top of a panel, whose scale is logarithmic.
LOWEST, HIGHEST = 1.0, 10_000.0
#: Seconds that share a point.
STEP = 0.1

STYLE = """\
text { font: 12px sans-serif; fill: #333 }
.title { font-weight: bold }
.grid { stroke: #ddd }
.change { fill: #8ab4f8; opacity: .35 }
.max { fill: none; stroke: #888; stroke-width: 1 }
.median { fill: none; stroke: #1a5fb4; stroke-width: 1.3 }
.failed { stroke: #d01c1c; stroke-width: 1 }
"""


def drawing(panels) -> str:
    """The picture of several :class:`tests.benchmarks.upgrade.Measured`."""
    seconds = max(panel.changes[-1][1] - panel.steady[0] for panel in panels) + 2
    height = TOP + len(panels) * (HEIGHT + BETWEEN)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 20}" height="{height}">',
        f"<style>{STYLE}</style>", '<rect width="100%" height="100%" fill="white"/>',
        _text(LEFT, 20, f"{panels[0].service}: latency while it is changed", "title"),
        _text(LEFT, 38, "blue: median, grey: maximum of each tenth of a second; shaded: a change;"
                        " red: failed requests"),
    ]
    for number, panel in enumerate(panels):
        parts += _panel(panel, TOP + 20 + number * (HEIGHT + BETWEEN), WIDTH / seconds)
    return "\n".join([*parts, "</svg>"])


def _panel(panel, top: float, scale: float) -> list[str]:
    begin = panel.steady[0]

    def x(at: float) -> float:
        return LEFT + (at - begin) * scale

    def y(seconds: float) -> float:
        milliseconds = min(max(seconds * 1000, LOWEST), HIGHEST)
        share = math.log10(milliseconds / LOWEST) / math.log10(HIGHEST / LOWEST)
        return top + HEIGHT * (1 - share)

    parts = [_text(LEFT, top - 6, panel.way, "title")]
    for label in ("1 ms", "10 ms", "100 ms", "1000 ms", "10000 ms"):
        height = y(int(label.split()[0]) / 1000)
        parts += [_line("grid", LEFT, height, LEFT + WIDTH, height),
                  _text(LEFT - 6, height + 4, label, anchor="end")]
    parts += [
        f'<rect class="change" x="{x(one):.1f}" width="{(two - one) * scale:.1f}"'
        f' y="{top}" height="{HEIGHT}"/>' for one, two in panel.changes
    ]
    answered, failed = collections.defaultdict(list), set()
    for sample in panel.samples:
        bin = math.floor((sample.intended - begin) / STEP)
        if sample.intended < begin or sample.intended > panel.changes[-1][1] + 1:
            continue
        if sample.error:
            failed.add(bin)
        else:
            answered[bin].append(sample.latency)
    for kind, choose in (("max", max), ("median", median)):
        for run in _runs(answered):
            points = (
                f"{x(begin + (bin + .5) * STEP):.1f},{y(choose(answered[bin])):.1f}" for bin in run
            )
            parts.append(f'<polyline class="{kind}" points="{" ".join(points)}"/>')
    for bin in failed:
        at = x(begin + (bin + .5) * STEP)
        parts.append(_line("failed", at, top, at, top + 12))
    for second in range(0, int(WIDTH / scale), 10 if WIDTH / scale < 400 else 60):
        parts.append(_text(x(begin + second), top + HEIGHT + 14, f"{second} s", anchor="middle"))
    return parts


def _runs(bins: Iterable[int]) -> list[list[int]]:
    """Consecutive numbers, together: a line does not lead over a time without answers."""
    runs: list[list[int]] = []
    for bin in sorted(bins):
        if runs and runs[-1][-1] == bin - 1:
            runs[-1].append(bin)
        else:
            runs.append([bin])
    return runs


def _text(x: float, y: float, text: str, kind: str = "", anchor: str = "start") -> str:
    return (f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}">'
            f"{html.escape(text)}</text>")


def _line(kind: str, x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'

"""What a benchmark found out: tables for people, JSON for programs."""

import contextlib
import dataclasses
import json
import os
import pathlib
import platform
import sys
from collections.abc import Iterator, Mapping, Sequence

from rich.console import Console
from rich.table import Table


@dataclasses.dataclass
class Result:
    """The outcome of one benchmark."""

    name: str
    #: What was measured, in one line.
    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    #: Raw numbers, in seconds.
    data: Mapping = dataclasses.field(default_factory=dict)
    #: Goals, and whether they were met.
    bars: Mapping[str, bool] = dataclasses.field(default_factory=dict)
    notes: Sequence[str] = ()
    #: SVG pictures by name.
    plots: Mapping[str, str] = dataclasses.field(default_factory=dict)


@contextlib.contextmanager
def noted(failed: list[str], what: str) -> Iterator[None]:
    """Note what fails in the block, and go on: all the rest is measured and reported."""
    try:
        yield
    except Exception as failure:
        print(f"{what}: {failure}", file=sys.stderr)
        failed.append(what)


def milliseconds(seconds: float) -> str:
    """``12.3 ms``, with three digits that matter."""
    value = seconds * 1000
    return f"{value:.0f} ms" if value >= 100 else f"{value:.3g} ms"


def seconds(value: float) -> str:
    return f"{value:.2f} s"


def times(value: float) -> str:
    return f"{value:.2f}×"


def show(result: Result, console: Console) -> None:
    console.print(f"[bold]{result.name}[/]: {result.title}")
    table = Table()
    for number, column in enumerate(result.columns):
        text = all(not row[number][:1].isdigit() for row in result.rows)
        table.add_column(column, justify="left" if text else "right", overflow="fold")
    for row in result.rows:
        table.add_row(*row)
    console.print(table)
    for bar, met in result.bars.items():
        console.print(f"  {'[green]met[/]   ' if met else '[red]MISSED[/]'} {bar}")
    for note in result.notes:
        console.print(f"  {note}")
    console.print()


def write(result: Result, folder: pathlib.Path) -> None:
    """``NAME.json`` and one ``NAME-PLOT.svg`` for each plot."""
    values = dataclasses.asdict(result)
    plots = values.pop("plots")
    values["machine"] = machine()
    path = folder / f"{result.name}.json"
    path.write_text(json.dumps(values, indent=1) + "\n")
    for name, picture in plots.items():
        (folder / f"{result.name}-{name}.svg").write_text(picture)


def machine() -> dict[str, str]:
    """What the numbers depend on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "memory": f"{memory / 2**30:.1f} GiB",
        "kernel": platform.release(),
        "system": platform.freedesktop_os_release().get("PRETTY_NAME", platform.system()),
        "python": sys.version.split()[0],
        "load": " ".join(f"{load:.2f}" for load in os.getloadavg()),
    }


def _processor() -> str:
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()

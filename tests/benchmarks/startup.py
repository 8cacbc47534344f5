"""How long commands take that ask no engine, beside an empty cliff application."""

import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

from tests.benchmarks.report import Result, milliseconds, times
from tests.benchmarks.stats import median

#: As a console script would start them.
EMPTY = """\
import sys
from cliff import app, commandmanager, lister

class List(lister.Lister):
    "List nothing"
    def take_action(self, parsed_args):
        return ("name",), [("nothing",)]

empty = app.App("empty", "1", commandmanager.CommandManager("empty.commands"))
empty.command_manager.add_command("list", List)
sys.exit(empty.run(sys.argv[1:]))
"""
KOLLA = "import sys; from kolla.cli.main import main; sys.exit(main())"
#: Heavy modules that none of the commands may import.
HEAVY = ("docker", "rich")
BAR = 1.5


def run(quick: bool) -> Result:
    rounds = 7 if quick else 31
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "kolla.conf").write_text(f"[DEFAULT]\nstate_dir = {folder}/state\n")
        here = ("--config-dir", folder)
        # command: program, arguments, what it is compared with
        cases = {
            "bare python": ("", (), None),
            "empty --help": (EMPTY, ("--help",), None),
            "empty list": (EMPTY, ("list",), None),
            "kolla --help": (KOLLA, ("--help",), "empty --help"),
            "kolla set list": (KOLLA, (*here, "set", "list"), "empty list"),
            "kolla container list": (KOLLA, (*here, "container", "list"), "empty list"),
        }
        measured = {name: [] for name in cases}
        for _ in range(rounds):  # in turns, so that what disturbs one disturbs all
            for name, (program, arguments, _) in cases.items():
                measured[name].append(_measure(program, arguments))
        imported = {
            name: _heavy_imports(arguments)
            for name, (program, arguments, _) in cases.items() if program is KOLLA
        }
    wall = {name: median([pair[0] for pair in pairs]) for name, pairs in measured.items()}
    # What else the machine does only ever adds to it.
    cpu = {name: min(pair[1] for pair in pairs) for name, pairs in measured.items()}
    rows, bars = [], {}
    for name, (_, _, beside) in cases.items():
        ratios = [times(took[name] / took[beside]) if beside else "" for took in (wall, cpu)]
        rows.append([name, milliseconds(wall[name]), ratios[0], milliseconds(cpu[name]),
                     ratios[1], ", ".join(imported.get(name, ())) or ("" if not beside else "no")])
        if beside:
            bars[f"{name} at most {BAR} times {beside}"] = wall[name] / wall[beside] <= BAR
            bars[f"{name} imports neither {' nor '.join(HEAVY)}"] = not imported[name]
    return Result(
        "startup", f"time of commands that ask no engine ({rounds} rounds, in turns)",
        ("command", "median", "ratio", "least CPU", "ratio", "heavy imports"), rows,
        {"wall": wall, "cpu": cpu, "heavy_imports": imported}, bars,
    )


def _measure(program: str, arguments: tuple[str, ...]) -> tuple[float, float]:
    """Seconds of the clock and of the processor."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", program, *arguments], check=True, stdout=subprocess.DEVNULL,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": ""},
    )
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _heavy_imports(arguments: tuple[str, ...]) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", KOLLA, *arguments],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )
    modules = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    return sorted(set(HEAVY) & modules)

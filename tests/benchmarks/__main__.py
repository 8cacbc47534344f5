"""Runs benchmarks, all of them or those that are named, and prints what they found.

    python -m tests.benchmarks [--quick] [--output FOLDER] [NAME...]

Run it as root (it starts a Docker engine of its own, as the functional tests do) on a machine
that has nothing else to do. The folder gets the numbers as JSON and the plots as SVG.
"""

import argparse
import importlib
import pathlib
import signal
import sys
import tempfile

from rich.console import Console

from tests.benchmarks import report

#: In this order; each is a module with a function ``run(quick) -> Result``.
NAMES = ("startup", "plan", "noop", "deploy", "upgrade", "monitor", "tls", "hold",
         "relieve", "apis", "machines")


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks", description=__doc__.partition("\n")[0],
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}")
    parser.add_argument("--quick", action="store_true", help="fewer rounds: a first impression")
    parser.add_argument("--output", type=pathlib.Path, metavar="FOLDER", help="for the results")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(NAMES):
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}")
    folder = arguments.output or pathlib.Path(tempfile.mkdtemp(prefix="kolla-benchmarks-"))
    folder.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # no engine is left running
    console = Console(width=None if sys.stdout.isatty() else 160, highlight=False, soft_wrap=False)
    console.print(", ".join(f"{name} {fact}" for name, fact in report.machine().items()) + "\n")
    met = True
    for name in arguments.names or NAMES:
        result = importlib.import_module(f"tests.benchmarks.{name}").run(arguments.quick)
        report.show(result, console)
        report.write(result, folder)
        met = met and all(result.bars.values())
    console.print(f"results: {folder}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())

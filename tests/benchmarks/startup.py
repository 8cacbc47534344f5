"""How long ``kolla --help`` and ``kolla set list`` take beside an empty cliff application.

Run it as ``python tests/benchmarks/startup.py [RUNS]``. It takes the least CPU time of many
runs, in turns, so that a busy machine does not matter. The aim is at most 1.5 times.
"""

import os
import pathlib
import resource
import subprocess
import sys
import tempfile

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


def cpu_seconds(code: str, *arguments: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-c", code, *arguments], check=True, stdout=subprocess.DEVNULL,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": ""},
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main(runs: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        config = pathlib.Path(folder, "kolla.conf")
        config.write_text(f"[DEFAULT]\nstate_dir = {folder}/state\n")
        here = ("--config-dir", folder)
        cases = {
            "empty --help": (EMPTY, "--help"),
            "kolla --help": (KOLLA, "--help"),
            "empty list": (EMPTY, "list"),
            "kolla set list": (KOLLA, *here, "set", "list"),
            "kolla complete": (KOLLA, *here, "complete", "--", "container", "show", ""),
        }
        best = dict.fromkeys(cases, float("inf"))
        for _ in range(runs):
            for name, case in cases.items():
                best[name] = min(best[name], cpu_seconds(*case))
    for name, seconds in best.items():
        beside = best["empty --help" if name.endswith("--help") else "empty list"]
        print(f"{name:<16} {seconds * 1000:6.0f} ms  {seconds / beside:4.2f} times")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)

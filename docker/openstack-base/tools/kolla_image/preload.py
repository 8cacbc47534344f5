"""kolla-preload COMMAND...: loads a service, and has it begin to work when its turn has come.

The command is a console script of the service. It is loaded in this process, with the modules
that ``KOLLA_PRELOAD`` names, and does nothing until kolla says that it may join: the generation
before it works until then. One that the engine starts again goes straight on.
"""

import importlib
import importlib.metadata
import pathlib
import shutil
import sys
from collections.abc import Callable
from time import sleep  # that of now: a service may replace it (eventlet) when it is loaded

from kolla_image.environment import fail, get

JOINED = pathlib.Path("/var/lib/kolla/generation/joined")
#: What kolla-check-worker looks for.
LOADED = pathlib.Path("/run/kolla/loaded")
#: Seconds between two looks.
PAUSE = 0.02


def load(command: str) -> Callable[[], object]:
    """The function of a console script, with the modules that it is to have at hand."""
    found = list(importlib.metadata.entry_points(group="console_scripts", name=command))
    if not found:
        fail(f"no package of this image has the command {command}")
    begin = found[0].load()
    for module in (get("KOLLA_PRELOAD") or "").split():
        importlib.import_module(module)
    return begin


def main() -> None:
    if len(sys.argv) < 2:
        sys.exit("usage: kolla-preload COMMAND...")
    command, *arguments = sys.argv[1:]
    # Libraries call the program by this name, and look for its configuration by it.
    sys.argv = [shutil.which(command) or command, *arguments]
    begin = load(command)
    LOADED.touch()
    while not JOINED.exists():
        sleep(PAUSE)
    sys.exit(begin())

"""kolla-preload COMMAND...: loads a service, and has it begin to work when its turn has come.

The command is a console script of the service. It is loaded in this process, with the modules
that ``KOLLA_PRELOAD`` names, and does nothing until kolla says that it may join: the generation
before it works until then. One that the engine starts again goes straight on.

``KOLLA_PRELOAD_UNTIL`` names a function of the service, ``MODULE:NAME``, with which its work
begins: the command then runs at once, and waits where it calls that function.
"""

import functools
import importlib
import importlib.metadata
import pathlib
import shutil
import sys
import time
from collections.abc import Callable

from kolla_image.environment import fail, get

JOINED = pathlib.Path("/var/lib/kolla/generation/joined")
#: What kolla-check-worker looks for.
LOADED = pathlib.Path("/run/kolla/loaded")
#: Seconds between two looks.
PAUSE = 0.02
#: That of now: a service may replace it (eventlet) when it is loaded.
SLEEP = time.sleep


def load(command: str) -> Callable[[], object]:
    """The function of a console script, with the modules that it is to have at hand."""
    found = list(importlib.metadata.entry_points(group="console_scripts", name=command))
    if not found:
        fail(f"no package of this image has the command {command}")
    begin = found[0].load()
    for module in (get("KOLLA_PRELOAD") or "").split():
        importlib.import_module(module)
    return begin


def in_turn(begin: Callable, sleep: Callable[[float], object]) -> Callable:
    """The same function, which waits for its turn first."""
    @functools.wraps(begin)
    def wait(*arguments, **options):
        LOADED.touch()
        while not JOINED.exists():
            sleep(PAUSE)
        return begin(*arguments, **options)

    return wait


def hold(place: str) -> None:
    """Have a function of the service, ``MODULE:NAME``, wait for its turn.

    Until then the service keeps its connections alive: it sleeps as the service does.
    """
    path, _, name = place.partition(":")
    module = importlib.import_module(path)
    if not hasattr(module, name):
        fail(f"KOLLA_PRELOAD_UNTIL: the module {path} has no function {name}")
    setattr(module, name, in_turn(getattr(module, name), time.sleep))


def main() -> None:
    if len(sys.argv) < 2:
        sys.exit("usage: kolla-preload COMMAND...")
    command, *arguments = sys.argv[1:]
    # Libraries call the program by this name, and look for its configuration by it.
    sys.argv = [shutil.which(command) or command, *arguments]
    begin = load(command)
    if place := get("KOLLA_PRELOAD_UNTIL"):
        hold(place)
    else:
        begin = in_turn(begin, SLEEP)
    sys.exit(begin())

"""kolla-preload COMMAND...: loads a service, and has it begin to work when its turn has come.

The command is a console script of the service. It is loaded in this process, with the modules
that ``KOLLA_PRELOAD`` names, and does nothing until kolla says that it may join: the generation
before it works until then. One that the engine starts again goes straight on.

``KOLLA_PRELOAD_UNTIL`` names a function of the service, ``MODULE:NAME``, with which its work
begins: the command then runs at once, and waits where it calls that function.

``KOLLA_PRELOAD_START`` names a function, ``MODULE:NAME`` or ``MODULE:CLASS.NAME``, in which the
service starts in its main thread: SIGTERM ends it there at once.
"""

import functools
import importlib
import importlib.metadata
import pathlib
import shutil
import signal
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


def mortal(start: Callable) -> Callable:
    """The same function, during which SIGTERM does what it does to any program.

    oslo.service handles it in the main thread: while that starts the service, it would wait for
    the end of the start, which it interrupts, until ``graceful_shutdown_timeout`` is over.
    """
    @functools.wraps(start)
    def begin(*arguments, **options):
        handler = signal.signal(signal.SIGTERM, signal.SIG_DFL)
        try:
            return start(*arguments, **options)
        finally:
            # The service may have set one of its own meanwhile.
            if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
                signal.signal(signal.SIGTERM, handler)

    return begin


def replace(variable: str, changed: Callable[[Callable], Callable]) -> bool:
    """Put something in the place of the function that a variable names; False if it names none."""
    if not (place := get(variable)):
        return False
    path, _, name = place.partition(":")
    *classes, name = name.split(".")
    owner = importlib.import_module(path)
    try:
        for each in classes:
            owner = getattr(owner, each)
        setattr(owner, name, changed(getattr(owner, name)))
    except AttributeError:
        fail(f"{variable}: the module {path} has no function {'.'.join([*classes, name])}")
    return True


def main() -> None:
    if len(sys.argv) < 2:
        sys.exit("usage: kolla-preload COMMAND...")
    command, *arguments = sys.argv[1:]
    # Libraries call the program by this name, and look for its configuration by it.
    sys.argv = [shutil.which(command) or command, *arguments]
    begin = load(command)
    replace("KOLLA_PRELOAD_START", mortal)
    # Until its turn the service keeps its connections alive: it sleeps as the service does.
    if not replace("KOLLA_PRELOAD_UNTIL", lambda work: in_turn(work, time.sleep)):
        begin = in_turn(begin, SLEEP)
    sys.exit(begin())

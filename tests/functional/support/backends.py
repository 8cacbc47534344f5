"""The backends that tests run against, and the compose programs they need.

A module that sets ``BACKENDS`` runs once for each of them.
"""

import functools
import os
import pathlib

import pytest

from kolla.backends.compose.command import PLUGINS, Compose, find
from kolla.plugin.reports import BackendError, Unreachable
from tests.functional.support.engine import CACHE

#: Direct launch, and compose 2; ``docker-compose`` is 1.29.
BOTH = ("docker", "compose")
#: Where tools/test unpacks a compose that the distribution does not have.
UNPACKED = CACHE / "compose"


@functools.cache
def program(classic: bool) -> Compose | None:
    """A compose of the wanted line, if there is one."""
    places = [*UNPACKED.glob("*"), *PLUGINS, *os.environ.get("PATH", "").split(os.pathsep)]
    for place in map(pathlib.Path, places):
        if os.access(place / "docker-compose", os.X_OK):
            try:
                found = find(str(place / "docker-compose"))
            except Unreachable:
                raise  # the machine is too busy to tell
            except BackendError:
                continue
            if found.classic == classic:
                return found
    return None


def required(classic: bool = False) -> Compose:
    """The same; without one the test is skipped, with what to do about it."""
    found = program(classic)
    if found is None:
        line = "docker-compose 1.29" if classic else "compose 2.26"
        pytest.skip(f"there is no {line}: run tools/test")
    return found


def configuration(backend: str) -> str:
    """The options that choose a backend."""
    if backend == "docker":
        return "[backend]\ndriver = docker\n"
    command = required(classic=backend == "docker-compose").program
    return f"[backend]\ndriver = compose\n[compose]\ncommand = {command}\n"

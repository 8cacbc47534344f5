"""Processes that go on living in the file system of a container that has ended."""

import os
import pathlib
from collections.abc import Collection, Iterator

PROC = pathlib.Path("/proc")


def survivors(
    folder: pathlib.Path, place: str, programs: Collection[str]
) -> tuple[str, ...]:
    """Processes of these programs that see the host's ``folder`` at ``place``, ``NAME (PID)``.

    Each generation has its own folder at the same place, so that this tells in whose file system
    a process lives, whichever engine and storage there are.
    """
    try:
        ours = folder.stat()
    except OSError:
        return ()
    found = []
    for process, name in _processes(programs):
        try:  # they come and go meanwhile
            seen = os.stat(process / "root" / place.lstrip("/"))
        except OSError:
            continue
        if (seen.st_dev, seen.st_ino) == (ours.st_dev, ours.st_ino):
            found.append(f"{name} ({process.name})")
    return tuple(sorted(found))


def _processes(programs: Collection[str]) -> Iterator[tuple[pathlib.Path, str]]:
    for process in PROC.glob("[0-9]*"):
        for name in _names(process):
            if name in programs:
                yield process, name
                break


def _names(process: pathlib.Path) -> list[str]:
    """The names of what a process runs: its program, and a script that the program runs."""
    try:
        program = os.readlink(process / "exe").removesuffix(" (deleted)")
        words = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")[:2]
    except OSError:
        return []
    return [pathlib.PurePath(word).name for word in (program, *words)]

"""The processes of this container, for the check of a service that nobody can ask."""

import os
import pathlib
import time
from typing import NamedTuple

PROC = pathlib.Path("/proc")


class Process(NamedTuple):
    """What proc_pid_stat(5) says of one."""

    parent: int
    threads: int
    #: Seconds since it was started.
    age: float


def living() -> dict[int, Process]:
    """By number: those that have not ended."""
    now, found = time.clock_gettime(time.CLOCK_BOOTTIME), {}
    # Python 3.11 raises if a process ends while glob() itself looks for a file of it.
    for folder in PROC.glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        if fields[0] != "Z":
            age = now - int(fields[19]) / os.sysconf("SC_CLK_TCK")
            found[int(folder.name)] = Process(int(fields[1]), int(fields[17]), age)
    return found

"""What processes use, as the kernel counts it."""

import os
import pathlib
from collections.abc import Iterator

TICKS = os.sysconf("SC_CLK_TCK")


def cpu(pid: int) -> float:
    """Seconds of the processor, with what its children used that have ended."""
    return next(used for number, _, used in _processes() if number == pid)


def cpu_of_all(mark: str) -> float:
    """The same of all processes with that in their command lines, and of those below them.

    What one of them starts while it is measured is counted, if it or its parent lives on.
    """
    found = {pid: (parent, used) for pid, parent, used in _processes()}
    counted = {pid for pid in found if mark in _command(pid)}
    while more := {pid for pid, (parent, _) in found.items() if parent in counted} - counted:
        counted |= more
    return sum(found[pid][1] for pid in counted)


def memory(pid: int) -> int:
    """The bytes of memory that it has had at most."""
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    most, = (line for line in lines if line.startswith("VmHWM:"))
    return int(most.split()[1]) * 1024


def child(pid: int) -> int:
    """The process that it has started."""
    return next(number for number, parent, _ in _processes() if parent == pid)


def _processes() -> Iterator[tuple[int, int, float]]:
    """The number, the parent and the CPU of each."""
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            fields = (process / "stat").read_text().rpartition(") ")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        yield int(process.name), int(fields[1]), sum(map(int, fields[11:15])) / TICKS


def _command(pid: int) -> str:
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""

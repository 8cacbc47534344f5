"""Virtual machines with a clock on their console, and how it is watched."""

import contextlib
import dataclasses
import importlib.util
import itertools
import os
import pathlib
import signal
import subprocess
import threading
import time
import types
from collections.abc import Iterator

from tests.functional.support.beside import beside
from tests.functional.support.engine import CACHE

FOLDER = CACHE / "guest"
TOOLS = pathlib.Path(__file__).parents[3] / "tools" / "lib"
#: Seconds between two looks at a console.
RESOLUTION = 0.005
#: Inside the containers of Nova.
INSTANCES = pathlib.Path("/var/lib/nova/instances")
DOMAIN = """\
<domain type='{kind}'>
  <name>{name}</name>
  <memory unit='MiB'>128</memory>
  <os>
    <type arch='x86_64' machine='q35'>hvm</type>
    <kernel>{folder}/kernel</kernel>
    <initrd>{folder}/ramdisk</initrd>
    <cmdline>{cmdline}</cmdline>
  </os>
  <features><acpi/></features>
  <devices>
    <serial type='pty'><log file='{folder}/console.log' append='off'/></serial>
  </devices>
</domain>
"""


def _load(name: str) -> types.ModuleType:
    """What tools/quickstart uses is no package."""
    spec = importlib.util.spec_from_file_location(name, TOOLS / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


#: Makes a user's first virtual machine.
first = _load("virtual_machine")


def image(folder: pathlib.Path = FOLDER, more: pathlib.Path | None = None) -> pathlib.Path:
    """The folder with a kernel and a ramdisk, which is made once; ``more`` goes in besides."""
    besides = ["", more] if more else []
    subprocess.run([TOOLS / "guest-image", folder, *besides], check=True, timeout=600)
    return folder


def domain(kind: str, name: str, folder: pathlib.Path) -> str:
    """What libvirt is told of a virtual machine, ``kvm`` or ``qemu``, with its kernel there."""
    return DOMAIN.format(kind=kind, name=name, folder=folder, cmdline=first.CMDLINE)


@dataclasses.dataclass
class Ticks:
    """When each tick of a clock was seen, in seconds."""

    seen: list[float] = dataclasses.field(default_factory=list)

    @property
    def gap(self) -> float:
        """The longest time without a tick."""
        assert len(self.seen) > 1, "the clock does not tick"
        return max(later - earlier for earlier, later in itertools.pairwise(self.seen))


@contextlib.contextmanager
def ticking(console: pathlib.Path, word: bytes = b"tick") -> Iterator[Ticks]:
    """When a word was seen on a console while the block runs, each time it was written there."""
    ticks = Ticks()

    def watch(done: threading.Event) -> None:
        with console.open("rb") as file:
            file.seek(0, 2)
            seen = b""
            while not done.wait(RESOLUTION):
                # Of a word that was half written at the last look, the first half.
                seen = seen[1 - len(word):] + file.read()
                if word in seen:
                    ticks.seen.append(time.monotonic())

    with beside(watch):
        yield ticks
        until = len(ticks.seen) + 5
        deadline = time.monotonic() + 5
        while len(ticks.seen) < until and time.monotonic() < deadline:
            time.sleep(RESOLUTION)
        ticks.seen.append(time.monotonic())


def processes(name: str) -> list[int]:
    """The numbers of the QEMU processes of a virtual machine, by its name or its UUID.

    Only the UUID tells it from one of the same name in a cloud beside.
    """
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            words = (process / "cmdline").read_bytes().split(b"\0")
            if any(word == name.encode() or word.startswith(f"guest={name},".encode())
                   for word in words):
                found.append(int(process.name))
    return sorted(found)


def end(name: str) -> None:
    """Pull the plug of a virtual machine, whatever has become of its libvirt."""
    for process in processes(name):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)

"""A machine of its own, for containers that take hold of their host.

It is the engine in namespaces of its own, of the network and of cgroups too, with an empty
``/run``: virtual machines, switches and routers of two test runs do not meet there. It has
cgroups of version 2 only, as Debian and Ubuntu boot.
"""

import contextlib
import pathlib
from collections.abc import Iterator

from tests.functional.support.crash_power import PowerEngine
from tests.functional.support.engine import Engine

#: The namespace of cgroups begins at the cgroup that a process is in.
ENTER = """\
set -e
top=$(findmnt --noheadings --output TARGET --types cgroup2 | head -n 1)
mkdir -p "$top/{name}"
echo $$ > "$top/{name}/cgroup.procs"
exec "$@"
"""
BOOT = """\
set -e
mount --make-rprivate /
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mkdir -p /sys/fs/cgroup/machine-init
for process in $(cat /sys/fs/cgroup/cgroup.procs); do
    echo "$process" > /sys/fs/cgroup/machine-init/cgroup.procs || true
done
for controller in $(cat /sys/fs/cgroup/cgroup.controllers); do
    echo "+$controller" > /sys/fs/cgroup/cgroup.subtree_control
done
! mountpoint --quiet /run/netns || umount --lazy /run/netns
mount --bind {run} /mnt
mount -t tmpfs tmpfs /run
mkdir -p {run} /run/lock
mount --move /mnt {run}
mount -t tmpfs tmpfs {exec_root}
ip link set lo up
exec "$@"
"""


class Machine(PowerEngine):
    """The engine on a machine of its own; ``cut_power`` ends all that runs there."""

    namespaces = (*PowerEngine.namespaces, "--net", "--cgroup")
    boot = BOOT

    def _command(self) -> list[str]:
        enter = ENTER.format(name=self.run.name)
        return ["sh", "-c", enter, "enter", *super()._command()]

    def inside(self) -> list[str]:
        kinds = ("mount", "uts", "ipc", "net", "pid", "cgroup")
        return ["nsenter", f"--target={self.pid()}", *(f"--{kind}" for kind in kinds), "--"]

    @property
    def root(self) -> pathlib.Path:
        """Its file system, as seen from outside."""
        return pathlib.Path(f"/proc/{self.pid()}/root")


@contextlib.contextmanager
def machine(engine: Engine) -> Iterator[Machine]:
    """In the place of an engine, with its images."""
    engine.clean()
    engine.stop()
    made = Machine(engine.cache, engine.run)
    made.start()
    try:
        yield made
    finally:
        made.cut_power()
        engine.start()
        engine.clean()

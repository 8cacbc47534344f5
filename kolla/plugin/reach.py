"""What lets a container reach for its host, and so is super-privileged."""

from pathlib import PurePosixPath

from kolla.plugin.declarations.confinement import Privilege
from kolla.plugin.declarations.storage import HostMount

#: Privileges that give power over the host itself.
SUPER = (
    "privileged", "pid", "ipc", "cgroup", "device", "device-rule", "unconfined",
)
#: Capabilities that concern a container's own files and processes only. All others reach for
#: the host: its network, for one, is every container's.
OWN = (
    "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "IPC_LOCK", "KILL",
    "NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
)
#: Paths of the host that make whoever can write there its master.
CRUCIAL = ("/", "/boot", "/dev", "/etc", "/lib", "/proc", "/root", "/run", "/sys", "/usr", "/var")
#: Here others listen, and devices are: to read is enough.
LIVING = ("/dev", "/run", "/var/run")


def reaches(item: Privilege) -> bool:
    """Whether a privilege reaches for the host."""
    return item.kind in SUPER or item.kind == "capability" and item.value not in OWN


def exposes(mount: HostMount) -> bool:
    """Whether a mount lets a container reach for the host."""
    source = PurePosixPath(mount.source)
    if mount.source in CRUCIAL or mount.propagation == "rshared" or source.suffix == ".sock":
        return True
    lies_below = CRUCIAL[1:] if not mount.read_only else LIVING
    return any(source.is_relative_to(place) for place in lies_below)

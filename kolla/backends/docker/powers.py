"""What the engine's own process may do, and so the most that it can give to containers."""

import dataclasses
import pathlib
import socket
import struct
from collections.abc import Mapping

from kolla.plugin.spec import Spec

PROC = pathlib.Path("/proc")
#: Where the engine writes its process id by default.
PIDFILE = pathlib.Path("/run/docker.pid")
#: Linux capabilities, each at its number (include/uapi/linux/capability.h).
CAPABILITIES = (
    "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID",
    "SETPCAP", "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW",
    "IPC_LOCK", "IPC_OWNER", "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT",
    "SYS_ADMIN", "SYS_BOOT", "SYS_NICE", "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD",
    "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP", "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG",
    "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF", "CHECKPOINT_RESTORE",
)
#: By the engine's name of a limit: its title in /proc/PID/limits.
LIMITS = {
    "core": "Max core file size", "data": "Max data size", "fsize": "Max file size",
    "locks": "Max file locks", "memlock": "Max locked memory", "msgqueue": "Max msgqueue size",
    "nice": "Max nice priority", "nofile": "Max open files", "nproc": "Max processes",
    "rss": "Max resident set", "rtprio": "Max realtime priority", "rttime": "Max realtime timeout",
    "sigpending": "Max pending signals", "stack": "Max stack size",
}
UNLIMITED = float("inf")


@dataclasses.dataclass(frozen=True)
class Powers:
    """The most that an engine can give."""

    #: Capabilities that are missing from its bounding set.
    lacking: tuple[str, ...] = ()
    #: Hard limits that it cannot raise; empty if it may raise all.
    limits: Mapping[str, float] = dataclasses.field(default_factory=dict)

    def too_much(self, limit: str, value: float) -> bool:
        """Whether it cannot set a limit that high; -1 is no limit."""
        wanted = UNLIMITED if value == -1 else value
        return wanted > self.limits.get(limit, UNLIMITED)

    def lack(self, spec: Spec) -> list[str]:
        """What a spec asks for and it cannot give."""
        limits = [text.partition("=")[::2] for text in spec.granted("limit")]
        limits.append(("nofile", str(spec.limits.get("files", 0))))
        return [
            *(f"the capability {name}" for name in spec.granted("capability")
              if name in self.lacking),
            *(f"the limit {name}={value}" for name, value in limits
              if self.too_much(name, float(value))),
        ]


def powers(url: str) -> Powers | None:
    """The powers of the engine that listens there; None if its process cannot be seen."""
    pid = _process(url)
    if pid is None:
        return None
    try:
        status = (PROC / str(pid) / "status").read_text()
        masks = dict(line.split(":\t") for line in status.splitlines() if line.startswith("Cap"))
        known = int((PROC / "sys/kernel/cap_last_cap").read_text()) + 1
        bounding, effective = (int(masks[name], 16) for name in ("CapBnd", "CapEff"))
        lacking = [name for number, name in enumerate(CAPABILITIES[:known])
                   if not bounding >> number & 1]
        may_raise = effective >> CAPABILITIES.index("SYS_RESOURCE") & 1
        return Powers(tuple(lacking), {} if may_raise else _limits(pid))
    except (OSError, ValueError, LookupError):
        return None


def _process(url: str) -> int | None:
    """The process that listens at a UNIX socket."""
    if not url.startswith("unix://"):
        return None
    try:
        with socket.socket(socket.AF_UNIX) as wire:
            wire.settimeout(5)
            wire.connect(url.removeprefix("unix://"))
            peer = wire.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        pid = struct.unpack("3i", peer)[0]
        # systemd may have opened the socket.
        return pid if pid > 1 else int(PIDFILE.read_text())
    except (OSError, ValueError):
        return None


def _limits(pid: int) -> dict[str, float]:
    rows = (PROC / str(pid) / "limits").read_text().splitlines()
    found = {}
    for name, title in LIMITS.items():
        row = next(row for row in rows if row.startswith(title))
        hard = row.removeprefix(title).split()[1]
        found[name] = UNLIMITED if hard == "unlimited" else float(hard)
    return found

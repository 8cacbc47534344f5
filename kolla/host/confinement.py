"""Checks whether the kernel and the engine can confine containers as kolla wants."""

import pathlib
import socket
import struct
from collections.abc import Iterator, Mapping

from kolla.host.findings import Finding, State
from kolla.settings.limits import limits_of

PROC = pathlib.Path("/proc")
#: The file in which a distribution's engine writes its process id.
PIDFILE = pathlib.Path("/run/docker.pid")
UNITS = pathlib.Path("/etc/systemd/system")
#: The number of the capability (CAP_SYS_RESOURCE) to raise limits of open files.
CAP_SYS_RESOURCE = 24
#: The engine's facts about the limits it can set.
_LIMITS = {"MemoryLimit": "memory", "PidsLimit": "pids", "CpuCfsQuota": "cpus"}


def limits(facts: Mapping) -> Finding:
    """Whether the kernel can limit the resources of containers; ``facts`` are the engine's."""
    missing = [name for fact, name in _LIMITS.items() if not facts.get(fact)]
    if not missing:
        return Finding("limits", State.OK, "memory, processes and processors can be limited")
    return Finding(
        "limits", State.WARNING, f"the kernel cannot limit {', '.join(missing)}: one container"
        " can take all there is",
        "boot it with cgroup_enable=memory, or with cgroups of version 2",
    )


def open_files(url: str, settings) -> Iterator[Finding]:
    """Whether the engine may give containers as many open files as configured.

    Yields nothing if the process of the engine is not visible from here.
    """
    wanted = max((limits_of(container, settings).get("files", 0)
                  for container in settings.enabled()), default=0)
    pid = _engine(url)
    try:
        most = _most_files(pid) if pid else None
    except (OSError, ValueError, LookupError):
        most = None
    if most is None:
        return
    if wanted <= most:
        yield Finding("open files", State.OK, f"up to {wanted:,} for each process")
    else:
        yield Finding(
            "open files", State.MISSING, f"containers are to have {wanted:,} for each process, and"
            f" the engine may give no more than {most:,}: they do not start",
            "raise LimitNOFILE of docker.service and containerd.service, or lower"
            f" [limits] files, for example all:{most}",
        )


def _engine(url: str) -> int | None:
    """The process that listens at a UNIX socket."""
    if not url.startswith("unix://"):
        return None
    try:
        with socket.socket(socket.AF_UNIX) as wire:
            wire.settimeout(5)
            wire.connect(url.removeprefix("unix://"))
            peer = wire.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        pid = struct.unpack("3i", peer)[0]
        # systemd may have opened the socket instead of the engine.
        return pid if pid > 1 else int(PIDFILE.read_text())
    except (OSError, ValueError):
        return None


def _most_files(pid: int) -> float:
    """How many open files a process may give its children."""
    status = (PROC / str(pid) / "status").read_text()
    capabilities = next(line for line in status.splitlines() if line.startswith("CapEff:"))
    if int(capabilities.split()[1], 16) >> CAP_SYS_RESOURCE & 1:
        return float("inf")
    rows = (PROC / str(pid) / "limits").read_text().splitlines()
    row = next(line for line in rows if line.startswith("Max open files"))
    hard = row.split()[4]
    return float("inf") if hard == "unlimited" else int(hard)


def sandbox(facts: Mapping) -> Iterator[Finding]:
    """Whether seccomp and a mandatory access control confine containers."""
    names = {option.partition(",")[0].removeprefix("name=")
             for option in facts.get("SecurityOptions") or ()}
    if "seccomp" in names:
        yield Finding("seccomp", State.OK, "containers can make only harmless system calls")
    else:
        yield Finding(
            "seccomp", State.WARNING, "the engine filters no system calls of containers",
            "it wants a kernel with CONFIG_SECCOMP_FILTER and an engine with seccomp",
        )
    if found := sorted(names & {"apparmor", "selinux"}):
        yield Finding("mandatory access", State.OK, " and ".join(found))
    else:
        yield Finding(
            "mandatory access", State.WARNING, "neither AppArmor nor SELinux confines containers",
            "apt-get install apparmor, boot, and start the engine again",
        )


def units() -> Iterator[Finding]:
    """Whether the installed units of systemd confine kolla."""
    for name in ("kolla-monitor", "kolla-recover"):
        try:
            text = (UNITS / f"{name}.service").read_text()
        except OSError:
            continue
        if "\nNoNewPrivileges=yes" in text:
            yield Finding(name, State.OK, "its unit confines it")
        else:
            yield Finding(
                name, State.WARNING, "its unit is of an earlier kolla, and does not confine it",
                f"put share/kolla/etc/systemd/{name}.service in its place (tools/quickstart does),"
                f" then systemctl daemon-reload; systemctl restart {name}",
            )

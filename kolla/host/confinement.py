"""Checks whether the kernel and the engine can confine containers as kolla wants."""

import pathlib
from collections.abc import Iterator, Mapping

from kolla.backends.docker.powers import Powers
from kolla.host.findings import Finding, State
from kolla.settings import Settings
from kolla.settings.limits import limits_of

UNITS = pathlib.Path("/etc/systemd/system")
#: The engine's facts about the limits it can set.
_LIMITS = {"MemoryLimit": "memory", "PidsLimit": "pids", "CpuCfsQuota": "cpus"}


def limits(facts: Mapping) -> Finding:
    """Whether the kernel can limit what containers use; ``facts`` is what the engine tells."""
    missing = [name for fact, name in _LIMITS.items() if not facts.get(fact)]
    if not missing:
        return Finding("limits", State.OK, "memory, processes and processors can be limited")
    return Finding(
        "limits", State.WARNING, f"the kernel cannot limit {', '.join(missing)}: one container"
        " can take all there is",
        "boot it with cgroup_enable=memory, or with cgroups of version 2",
    )


def capabilities(powers: Powers) -> Finding:
    """Whether a privileged container can have all capabilities."""
    if not powers.lacking:
        return Finding("capabilities", State.OK, "the engine can give all of them")
    return Finding(
        "capabilities", State.WARNING, f"the engine cannot give {', '.join(powers.lacking)}:"
        " containers that are privileged get all else",
        "its host keeps them from it: a virtual machine of your own, or a container with more"
        " rights, has them",
    )


def open_files(powers: Powers, settings: Settings) -> Finding:
    """Whether the engine may give containers as many open files as they are to have."""
    wanted = max((limits_of(container, settings).get("files", 0)
                  for container in settings.enabled()), default=0)
    if not powers.too_much("nofile", wanted):
        return Finding("open files", State.OK, f"up to {wanted:,} for each process")
    most = round(powers.limits["nofile"])
    return Finding(
        "open files", State.MISSING, f"containers are to have {wanted:,} for each process, and"
        f" the engine may give no more than {most:,}: they do not start",
        "raise LimitNOFILE of docker.service and containerd.service, or lower"
        f" [limits] files, for example all:{most}",
    )


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

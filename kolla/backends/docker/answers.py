"""The engine's answers in kolla's words."""

from collections.abc import Mapping

from kolla.backends.docker import launch
from kolla.backends.instances import engine_name
from kolla.plugin.reports import NEVER, Observed, Usage
from kolla.text import harmless

#: Bytes of a command's output that are kept.
OUTPUT_LIMIT = 16_384
#: The engine's words for a container that it keeps running.
RUNNING = ("running", "restarting", "paused")


def is_kollas(name: str, labels: Mapping[str, str]) -> bool:
    """Whether a container has the name that its labels say.

    A copy made with ``docker commit`` has all of the labels, but another name.
    """
    container, number = labels.get("kolla.container"), labels.get("kolla.generation", "")
    if not container or not number.isdecimal():
        return False
    return name == engine_name(container, int(number), labels.get("kolla.task", ""))


def name_of(row: dict) -> str:
    """The name of a container in a list."""
    return row["Names"][0].lstrip("/")


def listed(row: dict) -> Observed:
    """A container in a list, which has no restart policy."""
    labels = row["Labels"]
    return Observed(
        name=name_of(row),
        container=labels["kolla.container"],
        generation=int(labels["kolla.generation"]),
        running=row["State"] in RUNNING,
        status=row["State"],
        task=labels.get("kolla.task", ""),
        labels=labels,
    )


def inspected(found: dict) -> Observed | None:
    """A container that was inspected; None if it is not kolla's."""
    name = found["Name"].lstrip("/")
    labels, state = found["Config"]["Labels"] or {}, found["State"]
    if not is_kollas(name, labels):
        return None
    return Observed(
        name=name,
        container=labels["kolla.container"],
        generation=int(labels["kolla.generation"]),
        running=state["Status"] in RUNNING,
        status=state["Status"],
        task=labels.get("kolla.task", ""),
        restart=found["HostConfig"]["RestartPolicy"]["Name"] or NEVER,
        committed=found["HostConfig"]["CpuShares"] == launch.FULL,
        labels=labels,
        started_at=state["StartedAt"],
        exit_code=state["ExitCode"],
        restarts=found["RestartCount"],
        out_of_memory=state["OOMKilled"],
    )


def usage(stats: dict) -> Usage | None:
    """What a container uses, by the engine's statistics; None of one that does not run."""
    memory, pids = stats["memory_stats"], stats["pids_stats"]
    if "usage" not in memory:
        return None
    # The first name is that of cgroup version 2, the other one of version 1.
    cache = memory["stats"].get("total_inactive_file", memory["stats"].get("inactive_file", 0))
    return Usage(memory=max(memory["usage"] - cache, 0), pids=pids.get("current", 0))


def text(output: bytes) -> str:
    """The end of what a command wrote, safe to print."""
    return harmless(output[-OUTPUT_LIMIT:].decode(errors="replace")).strip()

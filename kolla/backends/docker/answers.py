"""The engine's answers in kolla's words."""

from kolla.plugin.backend import NEVER, Observed

#: Bytes of a command's output that are kept.
OUTPUT_LIMIT = 16_384
#: The engine's words for a container that it keeps running.
RUNNING = ("running", "restarting", "paused")


def listed(row: dict) -> Observed:
    """A container in a list, which has no restart policy."""
    labels = row["Labels"]
    return Observed(
        name=row["Names"][0].lstrip("/"),
        container=labels["kolla.container"],
        generation=int(labels["kolla.generation"]),
        running=row["State"] in RUNNING,
        status=row["State"],
        task=labels.get("kolla.task", ""),
        labels=labels,
    )


def inspected(found: dict) -> Observed:
    """A container that was inspected."""
    labels, state = found["Config"]["Labels"], found["State"]
    return Observed(
        name=found["Name"].lstrip("/"),
        container=labels.get("kolla.container", ""),
        generation=int(labels.get("kolla.generation", 0)),
        running=state["Status"] in RUNNING,
        status=state["Status"],
        task=labels.get("kolla.task", ""),
        restart=found["HostConfig"]["RestartPolicy"]["Name"] or NEVER,
        labels=labels,
        started_at=state["StartedAt"],
        exit_code=state["ExitCode"],
        restarts=found["RestartCount"],
        out_of_memory=state["OOMKilled"],
    )


def text(output: bytes) -> str:
    """The end of what a command wrote."""
    return output[-OUTPUT_LIMIT:].decode(errors="replace").strip()

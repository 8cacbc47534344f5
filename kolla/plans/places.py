"""Tasks that run in the place of another container: is that on this host?"""

import dataclasses
from collections.abc import Set

from kolla.deployment import Deployment
from kolla.errors import KollaError
from kolla.plans.plan import Do, Operation, Plan, State
from kolla.plugin import Task
from kolla.plugin.spec import Spec
from kolla.store.records import ABSENT


def possible(
    deployment: Deployment, state: State, steps: Plan, together: Set[str], prepared: bool = False
) -> Plan:
    """The plan, if each of its tasks has its place on this host or among ``together``.

    If ``prepared``, tasks before a rollback whose place is elsewhere are left out. For any other
    task :class:`KollaError` names the hosts on which it can be done.
    """
    left_out = []
    for operation in steps.operations:
        task = _elsewhere(deployment, state, steps.spec, operation)
        if task is None or task.of in together:
            continue
        if not (prepared and operation.kind is Do.BEFORE_ROLLBACK):
            raise _refusal(deployment, operation, task)
        left_out.append(operation)
    operations = tuple(each for each in steps.operations if each not in left_out)
    return dataclasses.replace(steps, operations=operations)


def way_out(deployment: Deployment, state: State, operation: Operation) -> str:
    """What to do about a task of a way back whose place is not on this host.

    Empty if it is on this host.
    """
    task = _elsewhere(deployment, state, None, operation)
    return _on_other_hosts(deployment, task, "kolla recover --prepared") if task else ""


def _elsewhere(
    deployment: Deployment, state: State, planned: Spec | None, operation: Operation
) -> Task | None:
    """The task that an operation runs if its place is not on this host; else None."""
    if not operation.task or operation.kind is Do.REMOVE_TASK:
        return None
    known = state.generations.get(operation.number)
    spec = known.snapshot if known else planned
    task = spec.task(operation.kind.replace("-", "_"), operation.task) if spec else None
    return task if task and task.of and not _exists(deployment, task.of) else None


def _exists(deployment: Deployment, name: str) -> bool:
    record = deployment.store.container(name)
    return record.current is not None and record.target != ABSENT


def _refusal(deployment: Deployment, operation: Operation, task: Task) -> KollaError:
    command = ""
    if operation.kind is Do.BEFORE_ROLLBACK:
        command = f"kolla container rollback {operation.container} --prepared"
    return KollaError(
        f"{operation.kind} of {operation.container}: the task {task.name} runs in the place of "
        f"{task.of}, which is not on this host",
        _on_other_hosts(deployment, task, command),
    )


def _on_other_hosts(deployment: Deployment, task: Task, command: str) -> str:
    """Where the task can be run, and the command that goes back here afterwards."""
    hosts = ", ".join(deployment.settings.hosts.others_with(task.of)) or "the host that has it"
    return f"it can be done on {hosts}" + (f"; then `{command}` goes back here" if command else "")

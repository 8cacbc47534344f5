"""Tasks that run in the place of another container: is that on this host?"""

import dataclasses
from collections.abc import Set

from kolla.deployment import Deployment
from kolla.errors import KollaError
from kolla.plans.plan import Do, Operation, Plan, State
from kolla.plugin import Task
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
        task = _task(state, steps, operation)
        if task is None or not task.of or task.of in together or _exists(deployment, task.of):
            continue
        if not (prepared and operation.kind is Do.BEFORE_ROLLBACK):
            raise _elsewhere(deployment, operation, task)
        left_out.append(operation)
    operations = tuple(each for each in steps.operations if each not in left_out)
    return dataclasses.replace(steps, operations=operations)


def _task(state: State, steps: Plan, operation: Operation) -> Task | None:
    """The task that an operation runs; None without one, or if its generation is unknown."""
    if not operation.task or operation.kind is Do.REMOVE_TASK:
        return None
    known = state.generations.get(operation.number)
    spec = known.snapshot if known else steps.spec
    return spec.task(operation.kind.replace("-", "_"), operation.task) if spec else None


def _exists(deployment: Deployment, name: str) -> bool:
    record = deployment.store.container(name)
    return record.current is not None and record.target != ABSENT


def _elsewhere(deployment: Deployment, operation: Operation, task: Task) -> KollaError:
    hosts = ", ".join(deployment.settings.hosts.others_with(task.of)) or "the host that has it"
    hint = f"it can be done on {hosts}"
    if operation.kind is Do.BEFORE_ROLLBACK:
        command = f"kolla container rollback {operation.container} --prepared"
        hint += f"; then `{command}` goes back here"
    return KollaError(
        f"{operation.kind} of {operation.container}: the task {task.name} runs in the place of "
        f"{task.of}, which is not on this host",
        hint,
    )

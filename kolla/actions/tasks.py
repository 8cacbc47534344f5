"""Runs one-shot tasks: bootstrap, verify, dump, expand and the other phases; on demand."""

from collections.abc import Callable

from kolla.actions.step import Step
from kolla.backends.instances import Instances, engine_name
from kolla.plans.plan import Do
from kolla.plugin import WAITS, Task
from kolla.plugin.reports import Outcome
from kolla.plugin.spec import Spec
from kolla.store.records import ABSENT
from kolla.store.store import Store

#: Characters that are kept of the end of a task's output.
KEPT = 4000
#: Phases that a deletion can skip.
LAST = (Do.FAREWELL, Do.TEARDOWN)


class Tasks:
    """The tasks of one plan. ``hide`` masks secrets in their output."""

    def __init__(self, store: Store, instances: Instances, hide: Callable[[str], str]):
        self._store, self._instances, self._hide = store, instances, hide
        #: The hosts that a contract task said it waits for.
        self.waits_for = ""
        #: The name and the output of the last task that succeeded.
        self.said = ""
        #: The same of each that ended with a warning.
        self.warnings: list[str] = []

    def run(self, step: Step, target: Spec) -> None:
        """Run a task. :class:`~kolla.actions.failures.Failed` if it ends with an error."""
        self._require_success(step, self._outcome(step, target))

    def contract(self, step: Step, target: Spec) -> None:
        """Clean a schema up, unless other hosts still need the old one."""
        if self.waits_for:
            return
        outcome = self._outcome(step, target)
        if outcome.exit_code == WAITS:
            self.waits_for = self._hide(outcome.output) or "another host"
        else:
            self._require_success(step, outcome)

    def remove(self, step: Step) -> None:
        """Remove the container of a task that a killed command left."""
        step.backend.remove(engine_name(step.container, step.number, step.operation.task))
        self._end(step)

    def _outcome(self, step: Step, target: Spec) -> Outcome:
        task, phase = _task(step), _phase(step)
        instance = self._instances.task(
            step.spec, step.number, task, phase, target, self._place(step, task)
        )
        try:
            return step.backend.run(instance, task.timeout)
        finally:
            self._end(step)

    def _place(self, step: Step, task: Task) -> Spec:
        """The current spec of the container in whose place the task runs."""
        if not task.of:
            return step.spec
        record = self._store.container(task.of)
        if record.target == ABSENT or record.current is None:
            raise step.failed(
                f"the task {task.name} runs in the place of {task.of}, which is not on this host"
            )
        return self._store.generation(task.of, record.current).snapshot

    def _end(self, step: Step) -> None:
        self._instances.end_task(step.container, step.number, step.operation.task)

    def _require_success(self, step: Step, outcome: Outcome) -> None:
        task, said = _task(step), self._hide(outcome.output).strip()[-KEPT:]
        if outcome.exit_code not in (0, task.warning):
            reason = f"the task {task.name} ended with exit code {outcome.exit_code}"
            if step.operation.kind in LAST:
                reason += " (--skip-tasks deletes without it)"
            raise step.failed(reason, outcome.output)
        if outcome.exit_code != 0:
            self.said = f"{task.name} warns: {said or 'it does not say of what'}"
            self.warnings.append(self.said)
        elif said:
            self.said = f"{task.name}: {said}"


def _phase(step: Step) -> str:
    return step.operation.kind.replace("-", "_")


def _task(step: Step) -> Task:
    return step.spec.task(_phase(step), step.operation.task)

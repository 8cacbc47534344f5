"""Runs one-shot tasks: bootstrap, verify, dump, expand, contract, before-rollback."""

from collections.abc import Callable

from kolla.actions.step import Step
from kolla.backends.instances import Instances, engine_name
from kolla.plugin.backend import Outcome

#: Exit code of a contract task that other hosts hold up (EX_TEMPFAIL of sysexits.h).
WAITS = 75


class Tasks:
    """The tasks of one plan. ``hide`` masks the secrets that their output may quote."""

    def __init__(self, instances: Instances, hide: Callable[[str], str]):
        self._instances, self._hide = instances, hide
        #: The hosts that a contract task said it waits for.
        self.waits_for = ""

    def run(self, step: Step, target_release: str) -> None:
        """Run a task to its end; :class:`~kolla.actions.failures.Failed` if that is not 0."""
        self._require_success(step, self._outcome(step, target_release))

    def contract(self, step: Step, target_release: str) -> None:
        """Clean a schema up, unless other hosts still need the old one."""
        if self.waits_for:
            return
        outcome = self._outcome(step, target_release)
        if outcome.exit_code == WAITS:
            self.waits_for = self._hide(outcome.output) or "another host"
        else:
            self._require_success(step, outcome)

    def remove(self, step: Step) -> None:
        """Remove the container of a task that a killed command left."""
        step.backend.remove(engine_name(step.container, step.number, step.operation.task))
        self._end(step)

    def _outcome(self, step: Step, target_release: str) -> Outcome:
        phase = step.operation.kind.replace("-", "_")
        task = step.spec.task(phase, step.operation.task)
        instance = self._instances.task(step.spec, step.number, task, phase, target_release)
        try:
            return step.backend.run(instance, task.timeout)
        finally:
            self._end(step)

    def _end(self, step: Step) -> None:
        self._instances.end_task(step.container, step.number, step.operation.task)

    def _require_success(self, step: Step, outcome: Outcome) -> None:
        if outcome.exit_code != 0:
            task = step.operation.task
            raise step.failed(
                f"the task {task} ended with exit code {outcome.exit_code}", outcome.output
            )

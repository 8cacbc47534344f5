"""Carries one container from its plan to its result: lock, recovery, plan, clean-up."""

import contextlib
import dataclasses
import functools
import logging
import threading
import time
from collections.abc import Callable

from kolla.actions import rebuild
from kolla.actions.events import journalled
from kolla.actions.executor import Executor
from kolla.actions.failures import Failed, Interrupted, bug
from kolla.actions.result import Result
from kolla.catalog import naming
from kolla.deployment import Deployment
from kolla.errors import KollaError
from kolla.health.rules import check_of
from kolla.host import needs
from kolla.plans import converge, order, places, planner
from kolla.plans.observe import inspect
from kolla.plans.plan import Do, Kind, Plan, State
from kolla.plans.planning import planned
from kolla.plans.requests import Request
from kolla.plugin import Container, Strategy
from kolla.plugin.reports import Unreachable
from kolla.store.locks import Cancelled, Held
from kolla.store.records import ActionOutcome, GenerationOutcome

LOG = logging.getLogger(__name__)

#: Called with a container, what happens to it, and whether nothing more will.
Observer = Callable[[str, str, bool], None]


class Runner:
    """Runs the plans of one request."""

    def __init__(
        self, deployment: Deployment, request: Request, observer: Observer,
        cancelled: threading.Event,
    ):
        self.deployment, self.request, self.observer = deployment, request, observer
        self.cancelled = cancelled
        self.store = deployment.store

    def run(
        self, container: Container, planned: Plan, state: State, ready: Callable[[], None]
    ) -> Result:
        """Never raises: a failure is a result."""
        began = time.monotonic()
        name = container.name
        if not planned.operations and self._settled(state):
            return _nothing_done(planned, state)
        try:
            with self.deployment.locks.hold(
                name, self.request.kind, self._tell(name), self.cancelled
            ) as held:
                return self._locked(container, held, began, ready)
        except (Interrupted, Cancelled) as error:
            return self._failed(state, str(error), began, outcome=ActionOutcome.INTERRUPTED)
        except KollaError as error:
            evidence = error.evidence if isinstance(error, Failed) else ""
            return self._failed(state, str(error), began, evidence)
        except Exception as error:  # whatever it is, the other containers go on
            LOG.debug("while at work on %s", name, exc_info=True)
            return self._failed(state, bug(error), began)

    def _settled(self, state: State) -> bool:
        """Whether there is nothing to recover, not even the journal of a killed command."""
        asked_for = self.request.kind == Kind.RECOVER
        return not asked_for and converge.settled(state) and not self.store.begun(state.name)

    def _failed(
        self, state: State, reason: str, began: float, evidence: str = "",
        outcome: ActionOutcome = ActionOutcome.FAILED,
    ) -> Result:
        seconds = time.monotonic() - began
        return Result(state.name, outcome, state.current, state.current, reason, seconds,
                      evidence=evidence)

    def _tell(self, name: str) -> Callable[[str], None]:
        return lambda text: self.observer(name, text, False)

    def _locked(
        self, container: Container, held: Held, began: float, ready: Callable[[], None]
    ) -> Result:
        name = container.name
        recovered = self._recover(name)
        if self.request.kind == Kind.RECOVER or recovered and self.request.kind == Kind.REVIVE:
            outcome = ActionOutcome.DONE if recovered else ActionOutcome.UNCHANGED
            current = self.store.container(name).serving
            return Result(name, outcome, current, current, seconds=time.monotonic() - began)
        state = inspect(self.deployment, name)
        steps = planned(self.deployment, self.request, container, state)
        order.enter(self.deployment, steps, held)
        if not steps.operations:
            done = _nothing_done(steps, state)
            return dataclasses.replace(done, outcome=ActionOutcome.DONE) if recovered else done
        return self._carry_out(steps, began, ready)

    def _recover(self, name: str) -> bool:
        """Finish or discard what a killed command left; True if there was anything."""
        self.store.abandon(name)
        self.deployment.instances.purge(name)
        state = inspect(self.deployment, name)
        if rebuild.rebuild(self.deployment, state):
            state = inspect(self.deployment, name)
        steps = planner.recover(state)
        if self.request.prepared:
            steps = places.possible(self.deployment, state, steps, frozenset(), prepared=True)
        if self.request.kind not in (Kind.RECOVER, Kind.START, Kind.RESTART):
            steps = _without_waiting(steps)
        if not steps.operations:
            return False
        executor = self._executor(name)
        try:
            journalled(self.deployment, steps, lambda event: self._go_back(
                name, executor, functools.partial(executor.carry_out, steps), event
            ))
        except Failed as failure:
            unprepared = failure.operation.kind is Do.BEFORE_ROLLBACK
            if self.request.kind == Kind.RECOVER or not unprepared:
                raise
            again = failure.hint or "`kolla recover` tries again"
            self._tell(name)(f"warning: {failure.message}; {again}")
        return True

    def _carry_out(self, steps: Plan, began: float, ready: Callable[[], None]) -> Result:
        name = steps.container
        executor = self._executor(name)
        executor.committed = ready
        self._warn_of_handover(steps)

        def result(
            outcome: ActionOutcome, reason: str = "", evidence: str = "", tried: bool = True
        ) -> Result:
            return Result(
                name, outcome, steps.before, self.store.container(name).serving, reason,
                time.monotonic() - began, executor.outage.seconds, evidence,
                tried, tuple(executor.tasks.warnings),
            )

        try:
            journalled(self.deployment, steps, lambda event: self._attempt(steps, executor, event))
        except Failed as failure:
            interrupted = isinstance(failure, Interrupted)
            return result(
                ActionOutcome.INTERRUPTED if interrupted else ActionOutcome.FAILED,
                failure.message, failure.evidence,
                tried=not isinstance(failure.__cause__, Unreachable),
            )
        said = executor.tasks.said if steps.action == Kind.TASK else executor.tasks.waits_for
        return result(ActionOutcome.DONE, said)

    def _warn_of_handover(self, steps: Plan) -> None:
        spec = steps.spec
        handed_over = spec and spec.strategy == Strategy.HANDOVER and spec.listens
        if handed_over and steps.before is not None and (why := needs.lack(needs.HANDOVER)):
            warning = f"warning: {needs.HANDOVER} {why}: {needs.HANDOVER.reason}"
            self._tell(steps.container)(warning)

    def _attempt(self, steps: Plan, executor: Executor, event: int) -> None:
        """Carry out the plan, or go back to what is committed; the failure tells both."""
        try:
            executor.carry_out(steps, event)
        except Failed as failure:
            failure.evidence = self.deployment.hide(failure.evidence)
            told = self._after_failure(steps, failure, executor, event)
            failure.message = f"{failure.message}; {told}"
            raise

    def _after_failure(
        self, steps: Plan, failure: Failed, executor: Executor, event: int
    ) -> str:
        name, store = steps.container, self.store
        if steps.action == Kind.TASK:
            return f"{name} is as it was"
        if isinstance(failure, Interrupted) and failure.finished:
            return "what it had begun is finished all the same"
        if isinstance(failure, Interrupted) and steps.spec is None:
            return "nothing was changed"
        if not store.find(name, steps.after) and steps.spec:
            serves = f"generation {steps.before} serves" if steps.before else "it does not exist"
            return f"nothing was changed, {serves}"
        new = steps.after
        if new is None or not steps.undo or store.container(name).current == new:
            executor.relieve(failure.message)
            return "`kolla recover` carries on from here"
        interrupted = isinstance(failure, Interrupted)
        outcome = GenerationOutcome.DISCARDED if interrupted else GenerationOutcome.REFUSED
        with contextlib.suppress(KollaError):  # on a full disk, too, what served is started
            store.end(name, new, outcome, failure.reason, failure.evidence)
        try:
            self._go_back(name, executor, executor.take_back, event)
        except KollaError as error:
            executor.relieve(error.message)
            again = error.hint or "`kolla recover` tries again"
            return f"the way back failed too: {error.message}; {again}"
        if steps.before is None:
            return f"generation {steps.after} was taken away again, and {name} does not run"
        return f"generation {steps.after} was taken away again, generation {steps.before} serves"

    def _go_back(
        self, name: str, executor: Executor, way: Callable[[int], None], event: int
    ) -> None:
        """Go a way back. If its preparation fails, what served is started all the same."""
        try:
            way(event)
        except Failed as failure:
            if failure.operation.kind is Do.BEFORE_ROLLBACK:
                executor.cancelled = threading.Event()  # the way back is not interrupted
                state = inspect(self.deployment, name)
                failure.hint = places.way_out(self.deployment, state, failure.operation)
                executor.carry_out(planner.serve_again(state), event)
            raise

    def _executor(self, name: str) -> Executor:
        namespace = self.deployment.settings.value("images", "namespace")
        kept_reference = functools.partial(naming.kept_reference, namespace=namespace)
        return Executor(
            self.deployment.backend_of, self.store, self.deployment.instances,
            kept_reference, self.deployment.archive, self.deployment.fingerprints,
            lambda spec: check_of(spec, self.deployment.settings), self.deployment.hide,
            self.cancelled, self._tell(name),
        )


def _nothing_done(steps: Plan, state: State) -> Result:
    outcome = ActionOutcome.PINNED if steps.held else ActionOutcome.UNCHANGED
    return Result(state.name, outcome, state.current, state.current, steps.held)


def _without_waiting(steps: Plan) -> Plan:
    """Recovery before another action: a sick generation must not stand in its way."""
    kept = tuple(
        step for step in steps.operations if step.kind not in (Do.CHECK, Do.JOIN, Do.RESUME)
    )
    return dataclasses.replace(steps, operations=kept)

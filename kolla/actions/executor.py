"""Carries out plans, one operation at a time, and decides nothing."""

import dataclasses
import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from kolla.actions.failures import Failed, Interrupted, bug
from kolla.backends.instances import Instances, engine_name
from kolla.errors import KollaError
from kolla.health import evidence
from kolla.health.rules import STRAINED
from kolla.logs.archive import Archive
from kolla.plans.plan import Do, Operation, Plan
from kolla.plugin import Check, Hold
from kolla.plugin.backend import (
    ALWAYS, NEVER, STOPPED, Backend, BackendError, Outcome, UnreadableLog,
)
from kolla.plugin.spec import Spec
from kolla.settings.fingerprints import Fingerprints
from kolla.store.records import RUNNING, UNPINNED, who
from kolla.store.store import Store
from kolla.times import now

LOG = logging.getLogger(__name__)

#: Seconds a new generation may take to bind its public address.
JOIN_TIMEOUT = 60
#: Of a log that is archived: reading it must not take long.
KEPT_LINES = 100_000
#: Exit code of a contract task that other hosts hold up (EX_TEMPFAIL of sysexits.h).
WAITS = 75
#: The backend that is on every engine.
DIRECT = "docker"


@dataclasses.dataclass
class Executor:
    """What the operations of one container's plan are carried out with."""

    #: The backend of a name.
    backends: Callable[[str], Backend]
    store: Store
    instances: Instances
    #: Names the image of a kept generation.
    kept_reference: Callable[[str, int], str]
    archive: Archive
    #: Of the secrets in a spec.
    fingerprints: Fingerprints
    #: What holds for the check of a spec.
    check_of: Callable[[Spec], Check]
    #: Masks the secrets that what a container says may quote.
    hide: Callable[[str], str]
    cancelled: threading.Event
    tell: Callable[[str], None]
    #: Called as soon as a new generation counts.
    committed: Callable[[], None] = lambda: None
    #: Seconds between the stop of what served and the check of what served then.
    _silent: float = 0.0
    #: Whom a contract task said it waits for.
    waits_for: str = ""
    _silent_since: float | None = None
    _healthy: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def carry_out(self, plan: Plan, event: int) -> None:
        """All operations in order. Raises :class:`Failed` at the first that fails.

        Ctrl-C stops it where there is a way back: before anything is done, and before the
        commit of a new generation. The rest would be left half done, and is finished first.
        """
        self._plan, self._way_back = plan, True
        for operation in plan.operations:
            if self._way_back and self.cancelled.is_set():
                raise Interrupted(operation)
            self.tell(str(operation))
            self._way_back = plan.spec is not None and self._way_back
            self._step(operation, event)
        if self.cancelled.is_set():
            raise Interrupted(operation, finished=True)

    @property
    def unavailable(self) -> float:
        """Seconds in which nothing served what is to serve, so far."""
        silent_since = self._silent_since
        return self._silent + (time.monotonic() - silent_since if silent_since else 0)

    def _step(self, operation: Operation, event: int) -> None:
        began = time.monotonic()
        step = self._note(
            self.store.open_event, operation.kind, operation.container, operation.generation,
            " ".join(filter(None, (operation.task, operation.cause))), event,
        )
        outcome, detail = "failed", None
        try:
            self.backend = self._backend_of(operation)
            self._carry_out(operation)
            outcome = "done"
        except KollaError as error:
            detail = error.message
            if isinstance(error, Failed):
                raise
            raise Failed(operation, str(error), self._evidence(operation)) from error
        except Exception as error:  # whatever it is, there is a way back
            LOG.debug("while at work on %s", operation, exc_info=True)
            detail = bug(error)
            raise Failed(operation, detail) from error
        finally:
            if step is not None:
                self._note(
                    self.store.close_event, step, outcome, time.monotonic() - began, detail
                )

    def _note(self, write: Callable[..., Any], *values: Any, **columns: Any) -> Any:
        """What only tells of the work does not stop it: half-way, with the disk full, what
        was stopped has to be started again.
        """
        try:
            return write(*values, **columns)
        except KollaError as error:
            self.tell(f"not on record: {error.message}")
            return None

    def _carry_out(self, operation: Operation) -> None:
        name = operation.container
        match operation.kind:
            case Do.RECORD:
                self._record(operation)
            case Do.CREATE:
                self._create(operation)
            case Do.BOOTSTRAP | Do.VERIFY | Do.DUMP | Do.EXPAND | Do.BEFORE_ROLLBACK:
                self._require_success(operation, self._run(operation))
            case Do.CONTRACT:
                self._contract(operation)
            case Do.START:
                self.backend.start(self._name(operation))
            case Do.CHECK:
                self._check(operation)
            case Do.JOIN:
                self._join(operation)
            case Do.COMMIT:
                self._commit(operation)
            case Do.KEEP:
                self._keep(operation)
            case Do.PARK:
                self.backend.set_restart(self._name(operation), STOPPED)
            case Do.RELEASE:
                self.backend.set_restart(self._name(operation), NEVER)
            case Do.DRAIN:
                self._drain(operation)
            case Do.HOLD | Do.RESUME:
                self._let_wait(operation)
            case Do.STOP:
                self._stop(operation)
            case Do.REMOVE:
                self._remove(operation)
            case Do.REMOVE_TASK:
                self._remove_task(operation)
            case Do.FORGET:
                self._forget(operation)
            case Do.CONFIRM:
                self.store.confirm(name, operation.number)
            case Do.PIN:
                self.store.update(name, **self._pins())
            case Do.FAIL:
                self.store.update(name, failed=now())
            case Do.ERASE:
                self._erase(operation)
            case Do.WANT_RUNNING:
                self.store.update(name, target=RUNNING, settled=0)
            case Do.WANT_STOPPED:
                self._want(operation, "stopped")
            case Do.WANT_ABSENT:
                self._want(operation, "absent", **UNPINNED)
            case Do.WANT_ERASED:
                self._want(operation, "absent", **UNPINNED, erase=1)
            case Do.SETTLE:
                self.store.update(name, settled=1)

    def _record(self, operation: Operation) -> None:
        spec = self._plan.spec
        if spec is None:
            raise Failed(operation, "there is nothing to record")
        number = self.store.begin(
            operation.container, spec, self.fingerprints.of(spec),
            "; ".join([self._plan.action, *self._plan.reasons]),
        )
        if number != operation.generation:
            raise Failed(operation, f"generation {number} came next", "")
        self.backend.tag(spec.image_id, self.kept_reference(operation.container, number))

    def _create(self, operation: Operation) -> None:
        spec = self._spec(operation)
        self.backend.create(self.instances.make(spec, operation.number))

    def _contract(self, operation: Operation) -> None:
        if self.waits_for:
            return
        outcome = self._run(operation)
        if outcome.exit_code == WAITS:
            self.waits_for = self.hide(outcome.output) or "another host"
        else:
            self._require_success(operation, outcome)

    def _require_success(self, operation: Operation, outcome: Outcome) -> None:
        if outcome.exit_code != 0:
            reason = f"the task {operation.task} ended with exit code {outcome.exit_code}"
            raise Failed(operation, reason, outcome.output)

    def _run(self, operation: Operation) -> Outcome:
        spec = self._spec(operation)
        phase = operation.kind.replace("-", "_")
        task = spec.task(phase, operation.task)
        target = (self._plan.spec or spec).release
        instance = self.instances.task(spec, operation.number, task, phase, target)
        try:
            return self.backend.run(instance, task.timeout)
        finally:
            self.instances.end_task(
                operation.container, operation.number, operation.task
            )

    def _check(self, operation: Operation) -> None:
        """Ask until the answer is yes, the grace is over, or the container has gone."""
        check = self.check_of(self._spec(operation))
        deadline = time.monotonic() + check.grace
        pause = 0.05
        while True:
            outcome = self._ask(operation, check)
            if outcome.exit_code == 0:
                self._served(operation, outcome)
                return
            if time.monotonic() > deadline:
                strained = outcome.exit_code == STRAINED
                reason = (
                    "it works, but was of no use" if strained else "its check did not pass"
                ) + f" within {check.grace} s"
                raise Failed(operation, reason, self._evidence(operation, outcome))
            self._wait(operation, pause)
            pause = min(pause * 1.5, 1.0)

    def _wait(self, operation: Operation, seconds: float) -> None:
        if not self._way_back:
            time.sleep(seconds)
        elif self.cancelled.wait(seconds):
            raise Interrupted(operation)

    def _ask(self, operation: Operation, check: Check) -> Outcome:
        name = self._name(operation)
        seen = self.backend.inspect(name)
        if seen is None:
            raise Failed(operation, "it is gone from the engine")
        if not seen.running and seen.restart != ALWAYS:
            reason = f"it exited with code {seen.exit_code}"
            raise Failed(operation, reason, self._evidence(operation))
        try:
            return self.backend.execute(name, check.command, check.timeout)
        except BackendError as error:
            return Outcome(1, f"the check could not run: {error.message}")

    def _served(self, operation: Operation, outcome: Outcome) -> None:
        """It is well; that goes on record at once for the current one, else with the commit."""
        self._healthy = {
            "health": "healthy", "health_detail": self.hide(outcome.output),
            "health_at": now(),
        }
        if operation.generation == self.store.container(operation.container).current:
            self._note(self.store.update, operation.container, **self._healthy)
        if self._silent_since is not None:
            self._silent = self.unavailable
            self._silent_since = None

    def _join(self, operation: Operation) -> None:
        # Marked first: if the engine starts it anew from here on, it joins by itself.
        self.instances.mark_joined(operation.container, operation.number)
        outcome = self.backend.execute(self._name(operation), ("kolla-join",), JOIN_TIMEOUT)
        if outcome.exit_code != 0:
            self.instances.mark_joined(operation.container, operation.number, False)
            raise Failed(
                operation, "it cannot take its public address",
                self._evidence(operation, outcome),
            )

    def _commit(self, operation: Operation) -> None:
        replaced_as = "rolled back" if self._plan.action == "rollback" else "kept"
        why = "; ".join(self._plan.reasons) if self._plan.evidence else ""
        self.store.commit(
            operation.container, operation.number, replaced_as, why, self._plan.evidence,
            **self._pins(), **self._healthy,
        )
        self._way_back = False
        self.committed()

    def _pins(self) -> dict[str, str | None]:
        pins = self._plan.pins
        return {**pins, "pinned_at": now() if any(pins.values()) else None} if pins else {}

    def _keep(self, operation: Operation) -> None:
        self.backend.set_restart(self._name(operation), ALWAYS)
        if self.store.container(operation.container).failed:
            # Only a person grants it a new budget.
            new_budget = {} if who() == "monitor" else {"restarts": "[]"}
            self.store.update(operation.container, failed=None, **new_budget)

    def _drain(self, operation: Operation) -> None:
        """A drain that fails or takes too long does not keep its container alive."""
        spec = self._spec(operation)
        try:
            outcome = self.backend.execute(
                self._name(operation), spec.drain, spec.drain_grace
            )
        except BackendError as error:
            outcome = Outcome(1, error.message)
        if outcome.exit_code != 0:
            said = self.hide(outcome.output)
            self.tell(f"the drain of {self._name(operation)} failed: {said}")

    def _let_wait(self, operation: Operation) -> None:
        """Or let go on. Others may be at work on that container, and it may be gone."""
        try:
            hold = self._spec(operation).hold or Hold()
            command = hold.command if operation.kind is Do.HOLD else hold.resume
            outcome = self.backend.execute(
                self._name(operation), (*command, self._plan.container), hold.timeout
            )
        except KollaError as error:
            outcome = Outcome(1, error.message)
        if outcome.exit_code != 0:
            said = self.hide(outcome.output)
            self.tell(f"requests to {self._name(operation)}: {operation.kind} failed: {said}")

    def _stop(self, operation: Operation) -> None:
        record = self.store.container(operation.container)
        meant = record.target == RUNNING and operation.generation == record.current
        if meant and self._silent_since is None:
            self._silent_since = time.monotonic()
        spec = self._recorded(operation)
        self.backend.stop(self._name(operation), spec.stop_grace if spec else 10)

    def _remove(self, operation: Operation) -> None:
        self._archive_log(operation)
        # In this order: while it is on the engine, recovery knows that there is a folder. A
        # container can fill its folder with what takes long to delete: that comes last.
        self.instances.set_aside(operation.container, operation.number)
        self.backend.remove(self._name(operation))
        self.instances.purge(operation.container)

    def _archive_log(self, operation: Operation) -> None:
        """Nothing fails for a log, not even with the disk full."""
        name = self._name(operation)
        try:
            self.archive.keep(
                operation.container, operation.number, self.backend.logs(name, tail=KEPT_LINES)
            )
        except UnreadableLog:
            pass  # it is kept where its driver has it
        except KollaError as error:
            LOG.warning("the log of %s is not archived as a whole: %s", name, error.message)

    def _remove_task(self, operation: Operation) -> None:
        name = engine_name(operation.container, operation.number, operation.task)
        self.backend.remove(name)
        self.instances.end_task(operation.container, operation.number, operation.task)

    def _forget(self, operation: Operation) -> None:
        reference = self.kept_reference(operation.container, operation.number)
        self.backend.untag(reference)
        # Of one that was laid out and never created.
        self.instances.set_aside(operation.container, operation.number)
        self.backend.forget(self._name(operation))
        self.instances.purge(operation.container)
        self.store.forget(operation.container, operation.number)

    def _want(self, operation: Operation, target: str, **values: Any) -> None:
        """What is wanted and the health that goes with it, in one write."""
        self.store.update(
            operation.container, target=target, settled=0,
            health=target, health_detail="", health_at=now(), **values,
        )

    def _erase(self, operation: Operation) -> None:
        for volume in self._spec(operation).volumes:
            self.backend.remove_volume(volume.name)
        # Whatever starts next finds nothing of an earlier release.
        with self.store.transaction():
            self.store.end(
                operation.container, operation.number, "deleted", "its data were deleted too"
            )
            self.store.update(operation.container, erase=0, current=None)

    # Helpers

    def _name(self, operation: Operation) -> str:
        return engine_name(operation.container, operation.number)

    def _backend_of(self, operation: Operation) -> Backend:
        """That of the generation; where nothing is recorded of it, any on its engine will do."""
        spec = self._recorded(operation) or self._plan.spec
        return self.backends(spec.backend if spec else DIRECT)

    def _spec(self, operation: Operation) -> Spec:
        found = self._recorded(operation)
        if found is None:
            raise Failed(operation, "nothing is recorded of this generation")
        return found

    def _recorded(self, operation: Operation) -> Spec | None:
        found = self.store.find(operation.container, operation.generation)
        return found.snapshot if found else None

    def _evidence(self, operation: Operation, outcome: Outcome | None = None) -> str:
        said = outcome.output if outcome else ""
        if operation.generation is None:
            return said
        return evidence.gather(self.backend, self._name(operation), said)

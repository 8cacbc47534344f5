"""Carries out plans, one operation at a time, and decides nothing."""

import contextlib
import dataclasses
import functools
import logging
import threading
import time
from collections.abc import Callable

from kolla.actions import readiness
from kolla.actions.failures import Failed, Interrupted, bug
from kolla.actions.readiness import Outage
from kolla.actions.recording import Recording
from kolla.actions.removal import Removal
from kolla.actions.step import Step
from kolla.actions.tasks import Tasks
from kolla.actions.traffic import Traffic
from kolla.backends.instances import Instances
from kolla.errors import KollaError
from kolla.logs.archive import Archive
from kolla.plans.plan import Do, Operation, Plan
from kolla.plugin import Check
from kolla.plugin.backend import Backend
from kolla.plugin.reports import ALWAYS, NEVER, STOPPED
from kolla.plugin.spec import Spec
from kolla.settings.fingerprints import Fingerprints
from kolla.store.records import ActionOutcome, Target
from kolla.store.store import Store

LOG = logging.getLogger(__name__)

#: The backend that is on every engine.
DIRECT = "docker"
#: Seconds from SIGTERM to SIGKILL for a generation that is not on record.
STOP_GRACE = 10


@dataclasses.dataclass
class Executor:
    """Carries out the operations of one container's plan."""

    #: Finds a backend by its name.
    backends: Callable[[str], Backend]
    store: Store
    instances: Instances
    #: Names the image of a kept generation.
    kept_reference: Callable[[str, int], str]
    archive: Archive
    #: Fingerprints of the secrets in a spec.
    fingerprints: Fingerprints
    #: Finds the effective check of a spec.
    check_of: Callable[[Spec], Check]
    #: Masks secrets in the output of a container.
    hide: Callable[[str], str]
    cancelled: threading.Event
    tell: Callable[[str], None]
    #: Called as soon as a new generation is current.
    committed: Callable[[], None] = lambda: None
    #: The operations begun so far, for the way back.
    _begun: list[Operation] = dataclasses.field(default_factory=list)

    def __post_init__(self) -> None:
        self.outage = Outage()
        self.tasks = Tasks(self.store, self.instances, self.hide)
        self._traffic = Traffic(self.instances, self.hide, self.tell)
        self._recording = Recording(
            self.store, self.fingerprints, self.kept_reference, self.tell
        )
        self._removal = Removal(
            self.tell, self.store, self.instances, self.archive, self.kept_reference
        )

    def carry_out(self, plan: Plan, event: int) -> None:
        """All operations in order. Raises :class:`Failed` at the first that fails.

        Ctrl-C stops it where there is a way back: before anything is done, and before the
        commit of a new generation. The rest would be left half done, and is finished first.
        """
        self._plan, self._begun, self._may_stop = plan, [], True
        self._event = event
        for number, operation in enumerate(plan.operations, 1):
            if self._may_stop and self.cancelled.is_set():
                raise Interrupted(operation)
            self._may_stop = self._may_stop and bool(plan.undo)
            self._step(operation, event, f"[{number}/{len(plan.operations)}] ")
        if self.cancelled.is_set():
            raise Interrupted(operation, finished=True)

    def take_back(self, event: int) -> None:
        """Go the way back from where the plan failed; Ctrl-C does not stop that."""
        way_back, self._may_stop = self._plan.way_back(self._begun), False
        for operation in way_back:
            self._step(operation, event)

    def relieve(self, why: str) -> None:
        """Have dependants let requests go on, because what those wait for does not come."""
        relief = self._plan.relief(self._begun)
        if relief:
            self.tell(f"no request waits any longer: {why}")
        for operation in relief:
            with contextlib.suppress(Failed):  # the operator hears of the failure before this
                self._step(operation, self._event)

    def _step(self, operation: Operation, event: int, place: str = "") -> None:
        self.tell(f"{place}{operation}")
        self._begun.append(operation)
        began = time.monotonic()
        entry = self._recording.note(
            self.store.open_event, operation.kind, operation.container, operation.generation,
            " ".join(filter(None, (operation.task, operation.cause))), event,
            task=operation.task,
        )
        step, outcome, detail = None, ActionOutcome.FAILED, None
        self.tasks.said = ""
        try:
            step = self._prepared(operation)
            self._carry_out(step)
            outcome = ActionOutcome.DONE
            if self.tasks.said:
                detail = self.tasks.said
                self.tell(detail.splitlines()[-1])
        except Failed as failure:
            detail = failure.message
            raise
        except KollaError as error:
            detail = error.message
            seen = step.evidence() if step else ""
            raise Failed(operation, str(error), seen) from error
        except Exception as error:  # whatever it is, the way back is tried
            LOG.debug("while at work on %s", operation, exc_info=True)
            detail = bug(error)
            raise Failed(operation, detail) from error
        finally:
            if entry is not None:
                self._recording.note(
                    self.store.close_event, entry, outcome, time.monotonic() - began, detail
                )

    def _prepared(self, operation: Operation) -> Step:
        found = self.store.find(operation.container, operation.generation)
        recorded = found.snapshot if found else None
        # Where nothing is recorded of a generation, any backend of its engine will do.
        spec = recorded or self._plan.spec
        return Step(operation, self.backends(spec.backend if spec else DIRECT), recorded)

    def _carry_out(self, step: Step) -> None:
        name, backend = step.container, step.backend
        match step.operation.kind:
            case Do.RECORD:
                self._recording.generation(step, self._plan)
            case Do.CREATE:
                backend.create(self.instances.make(step.spec, step.number))
            case (Do.BOOTSTRAP | Do.VERIFY | Do.DUMP | Do.EXPAND | Do.BEFORE_ROLLBACK
                  | Do.FAREWELL | Do.TEARDOWN | Do.ON_DEMAND):
                self.tasks.run(step, self._target(step))
            case Do.CONTRACT:
                self.tasks.contract(step, self._target(step))
            case Do.START:
                backend.start(step.name)
            case Do.CHECK:
                self._check(step)
            case Do.JOIN:
                self._traffic.join(step)
            case Do.COMMIT:
                self._commit(step)
            case Do.KEEP:
                backend.set_restart(step.name, ALWAYS)
                self._recording.care_again(step)
            case Do.PARK:
                backend.set_restart(step.name, STOPPED)
            case Do.RELEASE:
                backend.set_restart(step.name, NEVER)
            case Do.DRAIN:
                self._traffic.drain(step)
            case Do.HOLD | Do.RESUME:
                self._traffic.let_wait(step, self._plan.container)
            case Do.STOP:
                self._stop(step)
            case Do.REMOVE:
                self._removal.remove(step)
            case Do.REMOVE_TASK:
                self.tasks.remove(step)
            case Do.FORGET:
                self._removal.forget(step)
            case Do.ERASE:
                self._removal.erase(step)
            case Do.CONFIRM:
                self.store.confirm(name, step.number)
            case Do.PIN:
                self._recording.pin(step, self._plan)
            case Do.FAIL:
                self._recording.fail(step)
            case Do.WANT_RUNNING:
                self._recording.want_running(step)
            case Do.WANT_STOPPED:
                self._recording.want_stopped(step)
            case Do.WANT_ABSENT:
                self._recording.want_absent(step)
            case Do.WANT_ERASED:
                self._recording.want_absent(step, erase=1)
            case Do.SETTLE:
                self.store.update(name, settled=1)

    def _target(self, step: Step) -> Spec:
        """The spec that the container is to run next: the plan's, or the current one again."""
        current = self.store.container(step.container).current
        back = step.operation.kind is Do.BEFORE_ROLLBACK and step.number != current
        if back and current is not None:
            return self.store.generation(step.container, current).snapshot
        return self._plan.spec or step.spec

    def _check(self, step: Step) -> None:
        """Wait until it is well, and record that: for a new generation, with its commit."""
        outcome = readiness.until_well(
            step, self.check_of(step.spec), functools.partial(self._wait, step.operation),
            lambda: self.relieve(f"{step.name} has ended, and the engine starts it again"),
        )
        self._recording.healthy(step, self.hide(outcome.output))
        self.outage.end()

    def _wait(self, operation: Operation, seconds: float) -> None:
        if not self._may_stop:
            time.sleep(seconds)
        elif self.cancelled.wait(seconds):
            raise Interrupted(operation)

    def _commit(self, step: Step) -> None:
        self._recording.commit(step, self._plan)
        self._may_stop = False
        self.committed()

    def _stop(self, step: Step) -> None:
        record = self.store.container(step.container)
        if record.target == Target.RUNNING and step.number == record.current:
            self.outage.begin()
        step.backend.stop(step.name, step.recorded.stop_grace if step.recorded else STOP_GRACE)

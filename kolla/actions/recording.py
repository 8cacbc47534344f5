"""Records generations, the commit, what an operator wants, and health."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from kolla.actions.step import Step
from kolla.errors import KollaError
from kolla.plans.plan import Kind, Plan
from kolla.settings.fingerprints import Fingerprints
from kolla.store.records import UNPINNED, GenerationOutcome, Target, by_hand
from kolla.store.store import Store
from kolla.times import now


@dataclasses.dataclass
class Recording:
    """Writes to the store what a plan does to one container."""

    store: Store
    #: Fingerprints of the secrets in a spec.
    fingerprints: Fingerprints
    #: Names the image of a kept generation.
    kept_reference: Callable[[str, int], str]
    tell: Callable[[str], None]
    #: The health that is recorded with the commit.
    _healthy: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def note(self, write: Callable[..., Any], *values: Any, **columns: Any) -> Any:
        """A failed note must not abort the work: what was stopped has to be started again."""
        try:
            return write(*values, **columns)
        except KollaError as error:
            self.tell(f"not on record: {error.message}")
            return None

    def generation(self, step: Step, plan: Plan) -> None:
        """Record a new generation, and give its image the name that protects it."""
        if plan.spec is None:
            raise step.failed("there is nothing to record")
        number = self.store.begin(
            step.container, plan.spec, self.fingerprints.of(plan.spec),
            "; ".join([plan.action, *plan.reasons]), plan.outdated,
        )
        if number != step.number:
            raise step.failed(f"generation {number} came next")
        step.backend.tag(plan.spec.image_id, self.kept_reference(step.container, number))

    def healthy(self, step: Step, detail: str) -> None:
        """Record that a generation is well: for a new one that waits for its commit."""
        self._healthy = {"health": "healthy", "health_detail": detail, "health_at": now()}
        if step.number == self.store.container(step.container).current:
            self.note(self.store.update, step.container, **self._healthy)

    def commit(self, step: Step, plan: Plan) -> None:
        """Make the generation the current one, in one transaction."""
        going_back = plan.action == Kind.ROLLBACK
        self.store.commit(
            step.container, step.number,
            why="; ".join(plan.reasons) if plan.evidence else "",
            evidence=plan.evidence,
            replaced_as=GenerationOutcome.ROLLED_BACK if going_back else GenerationOutcome.KEPT,
            **_pins(plan), **self._healthy,
        )

    def pin(self, step: Step, plan: Plan) -> None:
        self.store.update(step.container, **_pins(plan))

    def fail(self, step: Step) -> None:
        """Record that the monitor has given it up."""
        self.store.update(step.container, failed=now())

    def care_again(self, step: Step) -> None:
        """Record that it is no longer given up. By hand, that grants it new restarts as well."""
        if self.store.container(step.container).failed:
            restarts = {"restarts": "[]"} if by_hand() else {}
            self.store.update(step.container, failed=None, **restarts)

    def want_running(self, step: Step) -> None:
        self.store.update(step.container, target=Target.RUNNING, settled=0)

    def want_stopped(self, step: Step) -> None:
        self._want(step, Target.STOPPED)

    def want_absent(self, step: Step, **values: Any) -> None:
        self._want(step, Target.ABSENT, **UNPINNED, **values)

    def _want(self, step: Step, target: Target, **values: Any) -> None:
        """Record the target and the health that goes with it, in one write."""
        self.store.update(
            step.container, target=target, settled=0,
            health=target, health_detail="", health_at=now(), **values,
        )


def _pins(plan: Plan) -> dict[str, str | None]:
    pinned_at = now() if any(plan.pins.values()) else None
    return {**plan.pins, "pinned_at": pinned_at} if plan.pins else {}

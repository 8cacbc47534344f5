"""Tells the journal and the hooks what was done to a container, or attempted."""

import time
from collections.abc import Callable

from kolla.actions.failures import Interrupted
from kolla.deployment import Deployment
from kolla.errors import KollaError
from kolla.plans.plan import Kind, Plan
from kolla.plugin.event import Event
from kolla.store.records import ActionOutcome, who
from kolla.store.store import Store
from kolla.times import now

#: What hooks and metrics call an action.
KINDS: dict[str, str] = {
    Kind.START: "started", Kind.STOP: "stopped", Kind.RESTART: "restarted",
    Kind.UPGRADE: "upgraded", Kind.ROLLBACK: "rolled back", Kind.DELETE: "deleted",
    Kind.CONFIRM: "confirmed", Kind.RECOVER: "recovered", Kind.GIVE_UP: "failed",
    Kind.TASK: "task run",
}


def notify(deployment: Deployment, plan: Plan, outcome: ActionOutcome, detail: str) -> None:
    """Tell the hooks how a plan ended."""
    name = plan.container
    above = "/".join(deployment.catalog.path(name)[:-1])
    deployment.hooks.tell(Event(
        now(), who(), KINDS[plan.action], name, above, plan.after, outcome, detail
    ))


def journalled(deployment: Deployment, plan: Plan, work: Callable[[int], None]) -> None:
    """Do the work of a plan, write down how it ended, and tell the hooks.

    ``work`` is given the number of the entry in the journal. Raises what it raises.
    """
    began = time.monotonic()
    entry = deployment.store.open_event(
        plan.action, plan.container, plan.after, "; ".join(plan.reasons), evidence=plan.evidence
    )
    outcome, detail = ActionOutcome.FAILED, None
    try:
        work(entry)
        outcome = ActionOutcome.DONE
    except Interrupted as error:
        outcome, detail = ActionOutcome.INTERRUPTED, error.message
        raise
    except KollaError as error:
        detail = error.message
        raise
    finally:
        notify(deployment, plan, outcome, detail or "")
        _close(deployment.store, entry, outcome, time.monotonic() - began, detail)


def _close(
    store: Store, entry: int, outcome: ActionOutcome, seconds: float, detail: str | None
) -> None:
    try:
        store.close_event(entry, outcome, seconds, detail)
    except KollaError:
        if outcome == ActionOutcome.DONE:  # else the first failure tells more
            raise

"""Tells the hooks what was done to a container, or tried."""

from kolla.deployment import Deployment
from kolla.plans.plan import Kind, Plan
from kolla.plugin.event import Event
from kolla.store.records import ActionOutcome, who
from kolla.times import now

#: What hooks and metrics call an action.
KINDS = {
    Kind.START: "started", Kind.STOP: "stopped", Kind.RESTART: "restarted",
    Kind.UPGRADE: "upgraded", Kind.ROLLBACK: "rolled back", Kind.DELETE: "deleted",
    Kind.CONFIRM: "confirmed", Kind.RECOVER: "recovered", Kind.GIVE_UP: "failed",
}


def notify(deployment: Deployment, plan: Plan, outcome: ActionOutcome, detail: str) -> None:
    """Tell the hooks how a plan ended."""
    name = plan.container
    above = "/".join(deployment.catalog.path(name)[:-1])
    deployment.hooks.tell(Event(
        now(), who(), KINDS[plan.action], name, above, plan.after, outcome, detail
    ))

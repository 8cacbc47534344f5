"""Tells the hooks what was done to a container, or tried."""

from kolla.deployment import Deployment
from kolla.plans.plan import Plan
from kolla.plugin.event import Event
from kolla.store.records import who
from kolla.times import now

#: What hooks and metrics call an action.
KINDS = {
    "start": "started", "stop": "stopped", "restart": "restarted", "upgrade": "upgraded",
    "rollback": "rolled back", "delete": "deleted", "confirm": "confirmed",
    "recover": "recovered", "give up": "failed",
}


def notify(deployment: Deployment, plan: Plan, outcome: str, detail: str) -> None:
    """Tell the hooks how a plan ended; ``outcome`` is done, failed or interrupted."""
    name = plan.container
    above = "/".join(deployment.catalog.path(name)[:-1])
    deployment.hooks.tell(Event(
        now(), who(), KINDS[plan.action], name, above, plan.after, outcome, detail
    ))

"""The commands that the monitor runs on containers, and what they take along."""

from collections.abc import Mapping

from kolla.actions.events import notify
from kolla.actions.result import Result
from kolla.actions.run import run
from kolla.backends.instances import engine_name
from kolla.deployment import Deployment
from kolla.health import evidence
from kolla.monitor.watched import Watched
from kolla.plans import order
from kolla.plans.observe import recorded
from kolla.plans.plan import Kind, Plan
from kolla.plans.requests import Request
from kolla.plans.rollbacks import last_known_good
from kolla.store.records import ActionOutcome


class Commands:
    """Acts on one container at a time, never while a command is at work on it."""

    def __init__(self, deployment: Deployment):
        self.deployment = deployment

    def act(
        self, kind: Kind, watched: Watched, cause: str = "", detail: str = ""
    ) -> Result | None:
        """Carry out a request; None if a command is at work on the container.

        ``detail`` is the output of its check. Raises :class:`KollaError` if it is refused.
        """
        name = watched.name
        along = kind == Kind.ROLLBACK and followers_to_take_back(self.deployment, name) or {}
        if any(map(self.deployment.locks.held, (name, *along))):
            return None
        for result in self._take_back(along, f"{name}, which it follows, is {cause}"):
            if result.outcome != ActionOutcome.DONE:
                return result
        request = Request(
            kind, [self.deployment.catalog.container(name)],
            judged={} if kind == Kind.RECOVER else {name: watched.number},
            cause=cause, evidence=self._evidence(watched, detail) if cause else "",
        )
        return run(self.deployment, request).results[0]

    def _take_back(self, targets: Mapping[str, int | None], cause: str) -> list[Result]:
        """Roll followers back, each to a generation."""
        if not targets:
            return []
        deployment, store = self.deployment, self.deployment.store
        request = Request(
            Kind.ROLLBACK, [deployment.catalog.container(name) for name in targets],
            targets={name: number for name, number in targets.items() if number},
            judged={name: number for name in targets
                    if (number := store.container(name).serving)},
            cause=cause, evidence="",
        )
        return run(deployment, request).results

    def task(self, watched: Watched, task: str) -> Result | None:
        """Run a task of the watched generation; None if a command is at work on it."""
        name = watched.name
        if self.deployment.locks.held(name):
            return None
        request = Request(
            Kind.TASK, [self.deployment.catalog.container(name)],
            judged={name: watched.number}, task=task,
        )
        return run(self.deployment, request).results[0]

    def recover(self, name: str) -> Result | None:
        """Finish or undo the work of a killed command on a container, watched or not."""
        if self.deployment.locks.held(name):
            return None
        request = Request(Kind.RECOVER, [self.deployment.catalog.container(name)])
        return run(self.deployment, request).results[0]

    def died(self, watched: Watched, why: str) -> None:
        """Record a restart by the engine, with evidence, and tell the hooks."""
        store, detail = self.deployment.store, f"by the engine: {why}"
        done = Plan(watched.name, Kind.RESTART, before=watched.number, after=watched.number)
        seen = self._evidence(watched, "")
        try:
            event = store.open_event(
                done.action, done.container, done.after, detail, evidence=seen
            )
            store.close_event(event, ActionOutcome.DONE, 0.0)
        finally:
            notify(self.deployment, done, ActionOutcome.DONE, detail)

    def _evidence(self, watched: Watched, said: str) -> str:
        name = engine_name(watched.name, watched.number)
        return self.deployment.hide(evidence.gather(self.deployment.backend, name, said))


def followers_to_take_back(deployment: Deployment, name: str) -> dict[str, int | None] | None:
    """Those of a later release than a container would go back to, and their generations then.

    None if there is nothing that the container itself could go back to.
    """
    state = recorded(deployment, name)
    number = last_known_good(deployment, state)
    if number is None:
        return None
    return order.taken_along(deployment, name, state.spec(number).release)

"""What the monitor does to a container: with the commands an operator has, and evidence."""

from kolla import actions, evidence
from kolla.deployment import Deployment
from kolla.instance import engine_name
from kolla.intents import Request
from kolla.monitor.watched import Watched
from kolla.plan import Plan
from kolla.runner import Result


class Care:
    """Acts on one container at a time, never while somebody else is at work on it."""

    def __init__(self, deployment: Deployment):
        self.deployment = deployment

    def act(self, kind: str, watched: Watched, cause: str = "", detail: str = "") -> Result | None:
        """Carry out a request; None if somebody is at work on the container.

        ``detail`` is what its check said. Raises :class:`KollaError` if the request is refused.
        """
        name = watched.name
        if self.deployment.locks.held(name):
            return None
        request = Request(
            kind, self.deployment.choose.named([name], leftover=True),
            judged={} if kind == "recover" else {name: watched.number},
            cause=cause, evidence=self._evidence(watched, detail) if cause else "",
        )
        return actions.run(self.deployment, request).results[0]

    def recover(self, name: str) -> Result | None:
        """Finish or undo what a killed command left of one that is perhaps not watched."""
        if self.deployment.locks.held(name):
            return None
        request = Request("recover", [self.deployment.catalog.containers[name]])
        return actions.run(self.deployment, request).results[0]

    def died(self, watched: Watched, why: str) -> None:
        """Tell and put on record that the engine restarted it, with what there was to see."""
        store, detail = self.deployment.store, f"by the engine: {why}"
        done = Plan(watched.name, "restart", before=watched.number, after=watched.number)
        self.deployment.notify(done, "done", detail)
        event = store.open_event(
            done.action, done.container, done.after, detail, evidence=self._evidence(watched, ""),
        )
        store.close_event(event, "done", 0.0)

    def _evidence(self, watched: Watched, said: str) -> str:
        name = engine_name(watched.name, watched.number)
        return self.deployment.hide(evidence.gather(self.deployment.backend, name, said))

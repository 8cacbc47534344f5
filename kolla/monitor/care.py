"""What the monitor does to a container: with the commands an operator has, and evidence."""

from kolla import actions
from kolla.backends.base import BackendError
from kolla.deployment import Deployment
from kolla.instance import engine_name
from kolla.intents import Request
from kolla.monitor.watched import Watched
from kolla.runner import Result

#: Of a container's log, as evidence.
LOG_LINES = 40


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
            kind, self.deployment.select([name], leftover=True),
            judged={} if kind == "recover" else {name: watched.number},
            cause=cause, evidence=self.evidence(watched, detail) if cause else "",
        )
        return actions.run(self.deployment, request).results[0]

    def died(self, watched: Watched, why: str) -> None:
        """Put on record that the engine restarted it, with what there was to see."""
        store = self.deployment.store
        event = store.open_event(
            "restart", watched.name, watched.number, f"by the engine: {why}",
            evidence=self.evidence(watched, ""),
        )
        store.close_event(event, "done", 0.0)

    def evidence(self, watched: Watched, detail: str) -> str:
        """What its check said, what the engine says, and the last lines of its log."""
        lines = [f"check: {detail}"] if detail else []
        name, backend = engine_name(watched.name, watched.number), self.deployment.backend
        try:
            if seen := backend.inspect(name):
                memory = ", killed for its use of memory" if seen.out_of_memory else ""
                lines.append(
                    f"engine: {seen.status}, exit code {seen.exit_code}{memory}, started"
                    f" {seen.started_at}, restarted {seen.restarts} times by the engine"
                )
                lines += [text for _, text in backend.logs(name, tail=LOG_LINES)]
        except BackendError as error:
            lines.append(f"no more to see: {error.message}")
        return "\n".join(lines)

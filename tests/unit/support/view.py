"""What a monitor shows, made up: for tests of what is served of it."""

from kolla.health.conditions import Condition, of_set


class View:
    """A set ``cloud`` with a set ``front`` (web, worker) and a container ``database``."""

    #: The places of what is wrong with the configuration.
    wrong: tuple[str, ...] = ()

    def __init__(self, **statuses: str):
        at = "2026-01-01T00:00:00.000+00:00"
        self.containers = {
            name: Condition(name, "healthy", "", 3, at, at, 0.1, 0, at)
            for name in ("database", "web", "worker")
        }
        for name, status in statuses.items():
            self.set(name, status)

    def set(self, name: str, status: str, **changes) -> None:
        at = "2026-01-02T00:00:00.000+00:00"
        values = {"detail": "its check said: password=secret", "generation": 3, **changes}
        self.containers[name] = Condition(name, status, since=at, checked=at, **values)

    def conditions(self) -> dict[str, Condition]:
        return dict(self.containers)

    def sets(self) -> dict[str, list[str]]:
        return {"cloud": ["database", "front"], "front": ["web", "worker"]}

    def flaws(self):
        return self.wrong

    def disk(self):
        return None

    def status_of_set(self, name: str) -> str | None:
        if name not in self.sets():
            return None
        return of_set([
            self.status_of_set(child) or self.containers[child].status
            for child in self.sets()[name]
        ])

"""Logs as a backend has them, without an engine."""

from kolla.logs import lines
from kolla.plugin.reports import Observed

DAY = "2026-05-01T12:00:"


def at(second: float) -> str:
    """A time of that day, in UTC."""
    return f"{DAY}{second:012.9f}Z"


class Engine:
    """Logs as a backend has them: lists of lines by the engine's names, and who runs."""

    def __init__(self, **logs):
        self.logs_of = {name.replace("_", "-"): list(log) for name, log in logs.items()}
        self.running: set[str] = set()
        self.asked: list[str] = []

    def observe(self) -> list[Observed]:
        return [self._observed(name) for name in self.logs_of]

    def _observed(self, name: str) -> Observed:
        container, _, number = name.rpartition("-g")
        return Observed(name, container, int(number), name in self.running, "")

    def logs(self, name, tail=None, since=None, until=None, follow=False):
        self.asked.append(name)
        found = self.logs_of[name]
        if isinstance(found, Exception):
            raise found
        begin = "" if since is None else lines.stamp(since)
        chosen = found if tail is None else found[max(len(found) - tail, 0):]
        yield from (line for line in chosen if line[0] >= begin)

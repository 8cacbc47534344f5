"""Names that sets and containers had once, and names that nothing has any more."""

from collections.abc import Iterable, Iterator, Mapping

from kolla.errors import nearest
from kolla.plugin import Container, ContainerSet, Gone


class OldNames:
    """What an operator may still type who learnt a name long ago."""

    def __init__(self, nodes: Iterable[ContainerSet | Container], gone: Mapping[str, Gone]):
        self._today = {
            old.name: (node.name, old.since) for node in nodes for old in node.formerly
        }
        self._gone = gone

    def __iter__(self) -> Iterator[str]:
        return iter(sorted({*self._today, *self._gone}))

    def today(self, name: str) -> str:
        """The name of today of what was once called something else; any other name is itself."""
        return self._today[name][0] if name in self._today else name

    def renamed(self, name: str) -> str:
        """``'x' is called 'y' since 2026.1``, of a name that something had once."""
        return f"{name!r} {self._called(name)}"

    def none_such(self, what: str, name: str, known: Iterable[str]) -> str:
        """``there is no container 'x'``, and what is known of that name."""
        beginning = f"there is no {what} {name!r}"
        if name in self._today:
            return f"{beginning}: it {self._called(name)}"
        if name in self._gone:
            since = self._gone[name].since
            return f"{beginning}{f' since {since}' if since else ''}: {self._gone[name].instead}"
        return f"{beginning}{nearest(name, known)}"

    def _called(self, name: str) -> str:
        today, since = self._today[name]
        return f"is called {today!r} {f'since {since}' if since else 'today'}"


def flaw(
    thing: ContainerSet | Container | Gone, rivals: Iterable[ContainerSet | Container]
) -> str:
    """Why the names of a declaration cannot be; ``rivals`` are those it has to agree with."""
    if not isinstance(thing, Gone) and not thing.formerly:
        return ""
    rivals = list(rivals)
    names = {node.name for node in rivals}
    former = {old.name: node.name for node in rivals for old in node.formerly}
    if isinstance(thing, Gone):
        if thing.name in names:
            return "is gone by its own words, and is the name of a container set or container"
        return "" if thing.instead else "its 'instead' is empty: what does its work today?"
    for old in (old.name for old in thing.formerly):
        if old in {thing.name, *names}:
            return f"its 'formerly' names {old!r}, which is the name of one that there is"
        if old in former:
            return f"its 'formerly' names {old!r}, and so does that of {former[old]}"
    return ""

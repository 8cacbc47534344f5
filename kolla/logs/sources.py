"""The places of logs: the engine and the archive."""

import collections
import dataclasses
import heapq
import logging
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from kolla.errors import KollaError
from kolla.logs.archive import Archive
from kolla.logs.lines import Line, Query, seconds
from kolla.plugin.backend import Backend
from kolla.plugin.reports import Observed

LOG = logging.getLogger(__name__)

#: A time later than every line.
NEVER = "9999"


@dataclasses.dataclass(frozen=True)
class Source:
    """The log of one generation."""

    container: str
    generation: int
    #: Whether more lines may come.
    running: bool
    #: No line in it is later than this.
    ended: str
    #: ``Backend.logs``, bound to this log.
    read: Callable[..., Iterator[tuple[str, str]]]

    @property
    def key(self) -> tuple[str, int]:
        """Two logs are equal if their generation is, on the engine or in the archive."""
        return self.container, self.generation


class Sources:
    """All logs, and how far each was read."""

    def __init__(self, backend: Backend, archive: Archive):
        self.backend, self.archive = backend, archive
        #: Logs that could not be read; each has been reported.
        self.failed: set[tuple[str, int]] = set()
        self._read: dict[tuple[str, int], str] = {}

    def of(self, containers: Iterable[str], generation: int | None = None) -> list[Source]:
        """The logs of these containers, or of one of their generations.

        Raises :class:`BackendError` if the engine cannot be asked.
        """
        names = set(containers)
        found = [
            self._archived(name, number, ended)
            for name in names for number, ended in self.archive.generations(name).items()
        ]
        found += [
            self._on_engine(seen) for seen in self.backend.observe()
            if seen.container in names and not seen.task
        ]
        # The engine's log comes last: it has everything that a killed command archived.
        latest = {source.key: source for source in found}
        return [s for s in latest.values() if generation in (None, s.generation)]

    def _archived(self, container: str, generation: int, ended: str) -> Source:
        def read(**asked: Any) -> Iterator[tuple[str, str]]:
            return self.archive.read(container, generation)

        return Source(container, generation, False, ended, read)

    def _on_engine(self, seen: Observed) -> Source:
        def read(**asked: Any) -> Iterator[tuple[str, str]]:
            return self.backend.logs(seen.name, **asked)

        return Source(seen.container, seen.generation, seen.running, NEVER, read)

    def written(self, sources: Iterable[Source], query: Query) -> Iterator[Line]:
        """The wanted lines of all logs, sorted by time."""
        containers = collections.defaultdict(list)
        for source in sources:
            containers[source.container].append(source)
        return heapq.merge(*(self._of_one(group, query) for group in containers.values()))

    def _of_one(self, sources: list[Source], query: Query) -> Iterator[Line]:
        if query.tail is None:
            yield from heapq.merge(*(self._readable(source, query) for source in sources))
            return
        last: list[Line] = []
        for source in sorted(sources, key=lambda source: source.ended, reverse=True):
            if len(last) == query.tail and source.ended < last[0].at:
                break
            more = collections.deque(self._readable(source, query), query.tail)
            last = list(heapq.merge(last, more))[-query.tail:]
        yield from last

    def _readable(self, source: Source, query: Query) -> Iterator[Line]:
        try:
            yield from self.lines(source, query)
        except KollaError as error:
            self.report(source, error)

    def report(self, source: Source, error: KollaError) -> None:
        """Report a log that cannot be read; the others still are."""
        self.failed.add(source.key)
        LOG.error("%s", error)

    def lines(self, source: Source, query: Query, follow: bool = False) -> Iterator[Line]:
        """The wanted lines of one log, from where reading stopped."""
        after = self._read.get(source.key, "")
        if source.ended < max(after, query.begin):
            return
        found = source.read(
            since=seconds(after) if after else query.since, until=query.until, follow=follow,
            tail=query.tail if query.ends_with_the_log and not follow else None,
        )
        for at, text in found:
            if at > after:
                self._read[source.key] = at
                line = Line(at, source.container, text)
                if query.wants(line):
                    yield line

"""Follows the logs of containers, from one generation to the next."""

import logging
import queue
import threading
import time
from collections.abc import Callable, Collection, Iterator
from typing import Any

from kolla.errors import KollaError
from kolla.logs.lines import Line, Query
from kolla.logs.sources import Source, Sources
from kolla.plugin.reports import UnreadableLog

LOG = logging.getLogger(__name__)

#: Seconds between two searches for new logs.
PAUSE = 1.0
#: Lines that may wait for the reader; more of them make the threads wait.
WAITING = 1000
#: How often a log may break off at its beginning before it is given up.
ATTEMPTS = 3


class Follower:
    """Reads each log in a thread of its own; one more thread searches for new logs.

    An upgrade and a restart, of a container or of the engine, look alike here: a log ends,
    and another one appears, or the same log goes on where the reader stopped.
    """

    def __init__(self, sources: Sources, containers: Collection[str], query: Query):
        self.sources, self.containers, self.query = sources, containers, query
        self._arrived: queue.Queue[Line | Exception | None] = queue.Queue(WAITING)
        self._threads: dict[tuple[str, int], threading.Thread] = {}
        self._broke_off: dict[tuple[str, int], int] = {}
        #: Logs that were read to their end.
        self._over: set[tuple[str, int]] = set()

    def lines(self, known: Collection[Source]) -> Iterator[Line]:
        """All lines after those that were read of the known logs, without end.

        With a generation, the lines end when it does. Lines that arrive together are sorted.
        """
        self._over = {source.key for source in known if not source.running}
        self._begin(self._watch)
        while True:
            batch = [self._arrived.get()]
            batch += [self._arrived.get() for _ in range(self._arrived.qsize())]
            yield from sorted(item for item in batch if isinstance(item, Line))
            for item in batch:
                if isinstance(item, Exception):
                    raise item
            if None in batch:
                return

    def _begin(self, work: Callable, *arguments: Any) -> threading.Thread:
        """Start a thread; the reader raises its error."""
        def run() -> None:
            try:
                work(*arguments)
            except Exception as error:
                self._arrived.put(error)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        return thread

    def _watch(self) -> None:
        told = ""
        while True:
            try:
                found = self.sources.of(self.containers, self.query.generation)
                told = ""
            except KollaError as error:
                if error.message != told:
                    LOG.warning("%s; waits for it", error.message)
                told = error.message
            else:
                for source in found:
                    self._attend(source)
                if self.query.generation and self._ended(found):
                    self._arrived.put(None)
                    return
            time.sleep(PAUSE)

    def _ended(self, found: Collection[Source]) -> bool:
        at_work = any(thread.is_alive() for thread in self._threads.values())
        return not at_work and all(source.key in self._over for source in found)

    def _attend(self, source: Source) -> None:
        """Read a log, unless it has been read to its end."""
        thread = self._threads.get(source.key)
        if (thread and thread.is_alive()) or source.key in self.sources.failed:
            return
        if source.running:
            self._over.discard(source.key)
        if source.key not in self._over:
            self._threads[source.key] = self._begin(self._pump, source)

    def _pump(self, source: Source) -> None:
        began = time.monotonic()
        try:
            for line in self.sources.lines(source, self.query, follow=True):
                self._arrived.put(line)
            if not source.running:
                self._over.add(source.key)
        except UnreadableLog as error:
            self.sources.report(source, error)
        except KollaError as error:
            at_once = time.monotonic() - began < PAUSE
            self._broke_off[source.key] = at_once and self._broke_off.get(source.key, 0) + 1
            if self._broke_off[source.key] == ATTEMPTS:
                self.sources.report(source, error)

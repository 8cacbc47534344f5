"""One thread that decides, fed by timers and by what other threads found out."""

import contextlib
import logging
import queue
import sched
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from kolla.errors import KollaError

LOG = logging.getLogger(__name__)


class Threads:
    """So many threads for which nobody waits at the end: what they do may hang.

    The interpreter would wait for those of concurrent.futures.
    """

    def __init__(self, number: int, name: str):
        self._number, self._closed = number, False
        self._work: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        for _ in range(number):
            threading.Thread(target=self._serve, name=name, daemon=True).start()

    def submit(self, work: Callable[[], None]) -> None:
        """Have it done by the next thread that is free; it must not raise."""
        self._work.put(work)

    def close(self) -> None:
        """Begin nothing more."""
        self._closed = True
        for _ in range(self._number):
            self._work.put(lambda: None)

    def _serve(self) -> None:
        while True:
            work = self._work.get()
            if self._closed:
                return
            work()


class Loop:
    """Everything handed to it is called in the thread that runs it, one after the other."""

    def __init__(self):
        # It waits for its inbox, never for the scheduler.
        self._timers = sched.scheduler(time.monotonic, lambda seconds: None)
        self._inbox: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._stopping = False

    def run(self) -> None:
        """Until :meth:`stop` is called, whatever happens in what it calls."""
        while not self._stopping:
            pause = self._timers.run(blocking=False)
            with contextlib.suppress(queue.Empty):
                safely(self._inbox.get(timeout=pause))

    def stop(self) -> None:
        """From any thread, or from a handler of a signal."""
        self.call(self._stop)

    def _stop(self) -> None:
        self._stopping = True

    def call(self, work: Callable[[], None]) -> None:
        """Soon; from any thread, or from a handler of a signal."""
        self._inbox.put(work)

    def after(self, seconds: float, work: Callable[[], None]) -> Any:
        """Later; returns what :meth:`cancel` takes."""
        return self._timers.enter(seconds, 0, safely, (work,))

    def cancel(self, timer: Any) -> None:
        with contextlib.suppress(ValueError):  # it has just come due
            self._timers.cancel(timer)

    def every(self, seconds: float, work: Callable[[], None]) -> None:
        """Now, and again and again."""
        self.after(seconds, lambda: self.every(seconds, work))
        safely(work)

    def background(
        self, pool: ThreadPoolExecutor | Threads, work: Callable, then: Callable[[Any], None]
    ) -> None:
        """Call ``work`` in the pool, and ``then`` here with what it returned or raised."""
        def do() -> None:
            try:
                found = work()
            except Exception as error:
                found = error
            self.call(lambda: then(found))

        pool.submit(do)


def safely(work: Callable[[], None]) -> None:
    """A full disk, or a bug: it is told, and the others are looked after all the same."""
    try:
        work()
    except KollaError as error:
        LOG.error("%s", error)
    except Exception as error:
        LOG.error("a bug in the monitor: %s: %s", type(error).__name__, error)
        LOG.debug("it was here", exc_info=True)

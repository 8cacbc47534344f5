"""The event loop: one thread decides; timers and other threads give it work."""

import contextlib
import functools
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
    """Threads for work that may hang: nothing waits for them at the end.

    The interpreter would wait for the threads of concurrent.futures.
    """

    def __init__(self, number: int, name: str):
        self._closed = False
        self._work: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=self._serve, name=name, daemon=True) for _ in range(number)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, work: Callable[[], None]) -> None:
        """Let the next free thread do the work, which must not raise."""
        self._work.put(work)

    def close(self) -> None:
        """Start no more work."""
        self._closed = True
        for _ in self._threads:
            self._work.put(lambda: None)

    def ended(self, timeout: float | None = None) -> bool:
        """Whether all work has ended; after :meth:`close`.

        It waits for that ``timeout`` seconds for each thread; None: as long as it takes.
        """
        for thread in self._threads:
            thread.join(timeout)
        return not any(thread.is_alive() for thread in self._threads)

    def _serve(self) -> None:
        while True:
            work = self._work.get()
            if self._closed:
                return
            work()


class Loop:
    """Calls all work in the thread that runs the loop, one piece after the other."""

    def __init__(self) -> None:
        # The loop waits for its inbox, never in the scheduler.
        self._timers = sched.scheduler(time.monotonic, lambda seconds: None)
        self._inbox: queue.SimpleQueue[Callable[[], object]] = queue.SimpleQueue()
        self._stopping = False

    def run(self) -> None:
        """Work until :meth:`stop` is called, whatever the work raises."""
        while not self._stopping:
            pause = self._timers.run(blocking=False)
            with contextlib.suppress(queue.Empty):
                safely(self._inbox.get(timeout=pause))

    def stop(self) -> None:
        """End :meth:`run`; callable from any thread and from a signal handler."""
        self.call(self._stop)

    def _stop(self) -> None:
        self._stopping = True

    def call(self, work: Callable[[], object]) -> None:
        """Do the work soon; callable from any thread and from a signal handler."""
        self._inbox.put(work)

    def after(self, seconds: float, work: Callable[[], None]) -> Any:
        """Do the work in so many seconds; :meth:`cancel` takes the result."""
        return self._timers.enter(seconds, 0, safely, (work,))

    def cancel(self, timer: Any) -> None:
        with contextlib.suppress(ValueError):  # it is due already
            self._timers.cancel(timer)

    def every(self, seconds: float, work: Callable[[], None]) -> None:
        """Do the work now, and then every so many seconds."""
        self.after(seconds, lambda: self.every(seconds, work))
        safely(work)

    def background(
        self, pool: ThreadPoolExecutor | Threads, work: Callable[[], object],
        then: Callable[[Any], object],
    ) -> None:
        """Call ``work`` in the pool, then ``then`` in the loop with its result or exception."""
        def do() -> None:
            found: object
            try:
                found = work()
            except Exception as error:
                found = error
            self.call(functools.partial(then, found))

        pool.submit(do)


def safely(work: Callable[[], object]) -> None:
    """Do the work; log an error, such as a full disk or a bug, and go on."""
    try:
        work()
    except KollaError as error:
        LOG.error("%s", error)
    except Exception as error:
        LOG.error("a bug in the monitor: %s: %s", type(error).__name__, error)
        LOG.debug("it was here", exc_info=True)

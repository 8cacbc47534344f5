"""Work on several containers at once, in the order they need each other."""

import contextlib
import graphlib
import logging
import signal
import threading
from collections.abc import Callable, Collection, Iterator, Mapping

LOG = logging.getLogger(__name__)

#: Tells that a container serves, so that what needs it may begin.
Ready = Callable[[], None]


def _finish_first() -> None:
    LOG.warning(
        "interrupted: finishing the steps that have begun; press Ctrl-C again to quit at once"
    )


@contextlib.contextmanager
def _interruption(
    cancelled: threading.Event, stop: Callable[[], None] | None
) -> Iterator[None]:
    """The first Ctrl-C (SIGTERM, or the end of the terminal) sets ``cancelled``.

    A second one is raised, unless there is something to ``stop``: that is called each time.
    Raised at once, it could come between a name that is taken and its thread that is not
    started yet. Only the main thread hears of signals.
    """
    def heard(number: int, frame: object) -> None:
        again = cancelled.is_set()
        if again and number == signal.SIGHUP:  # of which a shell passes on another one
            return
        if again and not stop:
            raise KeyboardInterrupt
        cancelled.set()
        (stop or _finish_first)()

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as nohup has it
        numbers.append(signal.SIGHUP)
    before = {number: signal.signal(number, heard) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Graph:
    """Runs ``work(name, ready)`` for each name once all that it needs is ready.

    At most ``parallel`` at a time; one that called ``ready`` no longer counts. ``work``
    returns whether it succeeded, and never raises. After a failure nothing that needs
    the failed one begins, with ``stop_at_failure`` nothing at all. ``stop`` has the work end
    soon: it is called with every Ctrl-C.
    """

    def __init__(
        self, needs: Mapping[str, Collection[str]], work: Callable[[str, Ready], bool],
        parallel: int, stop_at_failure: bool = False, stop: Callable[[], None] | None = None,
    ):
        self._needs, self._work, self._parallel = needs, work, max(1, parallel)
        self._stop_at_failure, self._stop = stop_at_failure, stop
        self._order = graphlib.TopologicalSorter(needs)
        self._order.prepare()
        self._changed = threading.Condition()
        self._waiting = list(needs)
        #: Waiting tasks whose needs are ready.
        self._possible: set[str] = set()
        #: Tasks that others still wait for.
        self._active: set[str] = set()
        self._failed: set[str] = set()
        self._threads = 0

    def run(self, cancelled: threading.Event) -> list[str]:
        """Returns the names that were not begun.

        Without anything to stop, a second Ctrl-C leaves at once: it raises KeyboardInterrupt.
        """
        with _interruption(cancelled, self._stop):
            while True:
                with self._changed:
                    if not cancelled.is_set():
                        self._begin_all()
                    if not self._threads:
                        return self._waiting
                    self._changed.wait(0.5)

    def _begin_all(self) -> None:
        self._possible.update(self._order.get_ready())
        for name in [name for name in self._waiting if name in self._possible]:
            if len(self._active) >= self._parallel or self._failed and self._stop_at_failure:
                return
            if self._failed.isdisjoint(self._needs[name]):
                self._waiting.remove(name)
                self._active.add(name)
                self._threads += 1
                threading.Thread(target=self._begin, args=(name,), daemon=True).start()

    def _begin(self, name: str) -> None:
        succeeded = False
        try:
            succeeded = self._work(name, lambda: self._mark_ready(name))
        finally:
            if succeeded:
                self._mark_ready(name)
            with self._changed:
                self._active.discard(name)
                self._threads -= 1
                if not succeeded:
                    self._failed.add(name)
                self._changed.notify_all()

    def _mark_ready(self, name: str) -> None:
        with self._changed:
            if name in self._active:
                self._active.remove(name)
                self._order.done(name)
            self._changed.notify_all()

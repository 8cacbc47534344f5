"""Work on several containers at once, in the order they need each other."""

import contextlib
import logging
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Set

LOG = logging.getLogger(__name__)

#: Tells that a container serves, so that what needs it may begin.
Ready = Callable[[], None]


@contextlib.contextmanager
def _interruption(cancelled: threading.Event) -> Iterator[None]:
    """The first Ctrl-C (SIGTERM, or the end of the terminal) sets ``cancelled``, a second
    one is raised.

    Raised at once, it could come between a name that is taken and its thread that is not
    started yet. Only the main thread hears of signals.
    """
    def heard(number: int, frame: object) -> None:
        if cancelled.is_set():
            if number == signal.SIGHUP:  # of which a shell passes on another one
                return
            raise KeyboardInterrupt
        cancelled.set()
        LOG.warning(
            "interrupted: what cannot be left half done is finished first;"
            " Ctrl-C again leaves at once"
        )

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
    the failed one begins, with ``stop_at_failure`` nothing at all.
    """

    def __init__(
        self, needs: Mapping[str, Set[str]], work: Callable[[str, Ready], bool],
        parallel: int, stop_at_failure: bool = False,
    ):
        self._needs, self._work, self._parallel = needs, work, max(1, parallel)
        self._stop_at_failure = stop_at_failure
        self._changed = threading.Condition()
        self._waiting = list(needs)
        self._active: set[str] = set()
        self._ready: set[str] = set()
        self._ended: set[str] = set()
        self._failed: set[str] = set()

    def run(self, cancelled: threading.Event) -> list[str]:
        """Returns the names that were not begun. A second Ctrl-C leaves at once."""
        with _interruption(cancelled):
            while True:
                with self._changed:
                    if not cancelled.is_set():
                        self._begin_all()
                    if not self._running():
                        return list(self._waiting)
                    self._changed.wait(0.5)

    def _running(self) -> bool:
        begun = set(self._needs) - set(self._waiting)
        return begun != self._ended

    def _begin_all(self) -> None:
        for name in list(self._waiting):
            if len(self._active) >= self._parallel:
                return
            if self._failed and self._stop_at_failure:
                return
            if self._needs[name] <= self._ready:
                self._waiting.remove(name)
                self._active.add(name)
                threading.Thread(target=self._begin, args=(name,), daemon=True).start()

    def _begin(self, name: str) -> None:
        done = False
        try:
            done = self._work(name, lambda: self._mark_ready(name))
        finally:
            with self._changed:
                self._active.discard(name)
                self._ended.add(name)
                (self._ready if done else self._failed).add(name)
                if not done:
                    self._ready.discard(name)
                self._changed.notify_all()

    def _mark_ready(self, name: str) -> None:
        with self._changed:
            self._active.discard(name)
            self._ready.add(name)
            self._changed.notify_all()

"""What goes on beside a test."""

import contextlib
import threading
from collections.abc import Callable, Iterator

#: Seconds within which work ends once it is told to.
PATIENCE = 300


@contextlib.contextmanager
def beside(work: Callable[[threading.Event], None]) -> Iterator[None]:
    """Have work go on in a thread of its own while the block runs.

    At the end of the block the event that it gets is set, and it has to end. An error that it
    raised is raised there, too.
    """
    done, failures = threading.Event(), []

    def run() -> None:
        try:
            work(done)
        except BaseException as failure:
            failures.append(failure)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join(PATIENCE)
    assert not thread.is_alive(), f"{work.__qualname__} does not end"
    for failure in failures:
        raise failure

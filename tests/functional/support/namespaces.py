"""Work in another namespace of the network than that of the tests."""

import pathlib
import threading
from collections.abc import Callable
from typing import TypeVar

from tests.functional.support.pings import enter

T = TypeVar("T")


def within(namespace: pathlib.Path, work: Callable[[], T]) -> T:
    """What ``work`` returns, done by a thread that uses that network; it raises what that does."""
    results: list[T] = []
    failures: list[BaseException] = []

    def run() -> None:
        try:
            enter(namespace)
            results.append(work())
        except BaseException as failure:
            failures.append(failure)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failures:
        raise failures[0]
    return results[0]

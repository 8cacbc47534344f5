"""What a service logs of each request, it does not log of kolla-check's: there are too many."""

import contextlib
import logging
import threading
from collections.abc import Iterator

_here = threading.local()


def worth(record: logging.LogRecord) -> bool:
    """Whether a line is to be written."""
    return record.levelno >= logging.WARNING or not getattr(_here, "check", False)


def begin() -> None:
    """Once the service has said where its lines go."""
    for handler in logging.getLogger().handlers:
        handler.addFilter(worth)


@contextlib.contextmanager
def checking() -> Iterator[None]:
    """The request of this thread is the check's while the block runs."""
    _here.check = True
    try:
        yield
    finally:
        _here.check = False

"""``--log-file``: what kolla says, also in a file."""

import logging
import pathlib
import sys

from kolla.errors import UsageError

FORMAT = "%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"
#: Records for the file alone: standard error gets the same in another form, or has no need of it.
#: Its level is that of the file; the root logger's is that of standard error.
TOLD = logging.getLogger("kolla")
#: Has a level of its own, also for standard error, while it watches.
MONITOR = logging.getLogger("kolla.monitor")
TOLD.addHandler(logging.NullHandler())  # before there is a log file, they go nowhere


class LogFile(logging.FileHandler):
    """Appends to a file; UsageError if it cannot be opened.

    A disk that fills up later is told once and does not stop the work.
    """

    def __init__(self, path: pathlib.Path):
        try:
            super().__init__(path, encoding="utf-8")
        except OSError as error:
            raise UsageError(
                f"the log file cannot be opened: {error.strerror}: {path}",
                "--log-file names a file in a directory that exists",
            ) from None
        self.setFormatter(logging.Formatter(FORMAT))
        self._failed = False

    def handleError(self, record: logging.LogRecord) -> None:
        if not self._failed:
            self._failed = True
            reason = sys.exc_info()[1]
            print(f"kolla: the log file cannot be written: {reason}", file=sys.stderr)


def is_for_standard_error(record: logging.LogRecord) -> bool:
    """A filter: what the log file alone gets is not."""
    is_monitors = MONITOR.level and record.name.startswith(f"{MONITOR.name}.")
    wanted = MONITOR if is_monitors else logging.getLogger()
    return record.name != TOLD.name and record.levelno >= wanted.level

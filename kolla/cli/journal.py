"""Priorities for the journal of systemd, which reads them from the beginning of a line."""

import logging
import os
from typing import TextIO

#: Priorities of syslog. kolla writes nothing above an error.
ERROR, WARNING, INFO, DEBUG = 3, 4, 6, 7


def is_read_by_it(stream: TextIO) -> bool:
    """Whether what is written here goes to the journal: systemd names the file it opened."""
    try:
        found = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{found.st_dev}:{found.st_ino}"


def marked(text: str, priority: int) -> str:
    """The text with its priority on each line, each of which is a record of its own."""
    return "\n".join(f"<{priority}>{line}" for line in text.split("\n"))


class Formatter(logging.Formatter):
    """Puts its priority before each line of a message."""

    def format(self, record: logging.LogRecord) -> str:
        return marked(super().format(record), _priority(record.levelno))


def _priority(level: int) -> int:
    if level >= logging.ERROR:
        return ERROR
    if level >= logging.WARNING:
        return WARNING
    return INFO if level >= logging.INFO else DEBUG

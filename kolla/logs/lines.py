"""Lines of a log, and the question which of them are wanted."""

import dataclasses
import datetime
import functools
import re
from typing import NamedTuple


class Line(NamedTuple):
    """A line that a container wrote."""

    #: UTC, ISO 8601 with nine digits of a second, so that texts sort as times.
    at: str
    container: str
    text: str


@dataclasses.dataclass(frozen=True)
class Query:
    """Which lines a reader wants; times are in seconds since the epoch."""

    since: float | None = None
    until: float | None = None
    #: How many of the last lines of each container.
    tail: int | None = None
    pattern: re.Pattern | None = None
    #: Only the lines of this generation; None: of all generations.
    generation: int | None = None

    @functools.cached_property
    def begin(self) -> str:
        """The time of the earliest line that is wanted."""
        return "" if self.since is None else stamp(self.since)

    @functools.cached_property
    def end(self) -> str:
        """The time of the latest line that is wanted."""
        return "9" * 4 if self.until is None else stamp(self.until)

    @property
    def ends_with_the_log(self) -> bool:
        """Whether the last wanted lines are the last lines of the log."""
        return self.until is None and self.pattern is None

    def wants(self, line: Line) -> bool:
        """Whether a line is within the times and matches the pattern."""
        if not self.begin <= line.at <= self.end:
            return False
        return self.pattern is None or self.pattern.search(line.text) is not None


def stamp(seconds: float) -> str:
    """A time as lines have it."""
    at = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S.%f}000Z"


def seconds(at: str) -> float:
    """The reverse of :func:`stamp`, rounded down to a microsecond."""
    return datetime.datetime.fromisoformat(at).timestamp()

"""Lines of a log, and which of them are asked for."""

import dataclasses
import datetime
import functools
import re
from typing import NamedTuple


class Line(NamedTuple):
    """What a container wrote."""

    #: UTC, ISO 8601 with nine digits of a second: as texts they sort as the times do.
    at: str
    container: str
    text: str


@dataclasses.dataclass(frozen=True)
class Query:
    """Which lines are asked for; times are in seconds since the epoch."""

    since: float | None = None
    until: float | None = None
    #: So many of each container, the last ones.
    tail: int | None = None
    pattern: re.Pattern | None = None
    #: Only what this generation wrote; else what all of them did.
    generation: int | None = None

    @functools.cached_property
    def begin(self) -> str:
        """The time of the earliest line that can be meant."""
        return "" if self.since is None else stamp(self.since)

    @functools.cached_property
    def end(self) -> str:
        """The same of the latest one."""
        return "9" * 4 if self.until is None else stamp(self.until)

    @property
    def ends_with_the_log(self) -> bool:
        """Whether the last lines that are asked for are the last ones of a log."""
        return self.until is None and self.pattern is None

    def wants(self, line: Line) -> bool:
        """Whether a line is asked for, by itself."""
        if not self.begin <= line.at <= self.end:
            return False
        return self.pattern is None or self.pattern.search(line.text) is not None


def stamp(seconds: float) -> str:
    """A time as it is in a line."""
    at = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S.%f}000Z"


def seconds(at: str) -> float:
    """The reverse, rounded down to a microsecond."""
    return datetime.datetime.fromisoformat(at).timestamp()

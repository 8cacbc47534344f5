"""The present, and how long ago something was; times are UTC, ISO 8601."""

import datetime
import math
import time


def now() -> str:
    """The present, UTC."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")


def ago(seconds: float) -> str:
    """The time so many seconds ago; UTC, ISO 8601."""
    then = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=seconds)
    return then.isoformat(timespec="milliseconds")


def age(at: str | None) -> float:
    """Seconds since a time (UTC, ISO 8601); a clock that was put back makes it no younger.

    What never was is infinitely old.
    """
    if at is None:
        return math.inf
    past = datetime.datetime.now(datetime.UTC) - datetime.datetime.fromisoformat(at)
    return max(0.0, past.total_seconds())


def up_for(started_at: str) -> float:
    """Seconds since a container was started: no more than this machine is up, however far its
    clock has jumped since, as it does where it is set after the boot.
    """
    return min(age(started_at), time.clock_gettime(time.CLOCK_BOOTTIME))

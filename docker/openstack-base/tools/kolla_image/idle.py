"""Waits for the end of what a service is at work on, for its drain.

The service works on meanwhile; whoever starts this says how long it may take.
"""

import time
from collections.abc import Callable

#: Seconds between two looks.
PAUSE = 0.5


def wait(busy: Callable[[], list[str]]) -> None:
    """Return once nothing is ``busy``; print what is, whenever that changes."""
    told: list[str] = []
    while found := busy():
        if found != told:
            print(f"waiting for {', '.join(found)}", flush=True)
            told = found
        time.sleep(PAUSE)

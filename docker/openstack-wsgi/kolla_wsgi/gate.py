"""Where requests wait while something is replaced that the service requires: see kolla-hold."""

import contextlib
import fcntl
import glob
import os
import re
import time
from collections.abc import Iterator

#: One for each thing that is replaced; its time is the latest until which anybody waits.
HELD = "/run/kolla/held-*"
#: Shared by all that have passed: requests, and transfers of images.
REQUESTS, TRANSFERS = "/run/kolla/requests.lock", "/run/kolla/transfers.lock"
#: Seconds between two looks.
PAUSE = 0.02

_transfer = re.compile(os.environ.get("KOLLA_TRANSFERS") or "(?!)")


def held() -> bool:
    for path in glob.glob(HELD):
        with contextlib.suppress(FileNotFoundError):  # kolla-resume was faster
            if time.time() < os.stat(path).st_mtime:
                return True
    return False


def _wait() -> None:
    while held():
        time.sleep(PAUSE)


@contextlib.contextmanager
def passed(path: str) -> Iterator[None]:
    """The request of a path is under way while the block runs, and waits before if it has to."""
    with open(TRANSFERS if _transfer.search(path) else REQUESTS, "w") as lock:
        _wait()
        fcntl.flock(lock, fcntl.LOCK_SH)
        while held():  # kolla-hold was faster, and does not know of this request
            fcntl.flock(lock, fcntl.LOCK_UN)
            _wait()
            fcntl.flock(lock, fcntl.LOCK_SH)
        try:
            yield
        finally:
            # Not left to close(): a child that was forked meanwhile shares the open file.
            fcntl.flock(lock, fcntl.LOCK_UN)

"""Where requests wait while something is replaced that the service requires: see kolla-hold."""

import contextlib
import fcntl
import glob
import os
import re
import time
from collections.abc import Iterator

#: A file for each container that is replaced; its time stamp is when the wait ends at the latest.
HELD = "/run/kolla/held-*"
#: Locked (shared) by all requests and transfers of images that are under way.
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
            # Unlock: close() would not, while a child that was forked meanwhile has the file open.
            fcntl.flock(lock, fcntl.LOCK_UN)

"""One lock for each container. The kernel frees it when its holder dies."""

import contextlib
import fcntl
import json
import os
import pathlib
import time
from collections.abc import Callable, Iterator

from kolla.errors import KollaError
from kolla.records import now, who


class Locks:
    """A folder with one lock file for each container."""

    def __init__(self, folder: pathlib.Path, timeout: int):
        self.folder, self.timeout = folder, timeout

    @contextlib.contextmanager
    def hold(self, name: str, action: str, tell: Callable[[str], None]) -> Iterator[None]:
        """Hold the lock of a container; ``tell`` is told whom we wait for.

        Raises :class:`KollaError` if it is still taken after ``timeout`` seconds.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            file = (self.folder / f"{name}.lock").open("a+")
        except OSError as error:
            raise KollaError(f"the lock of {name} cannot be taken: {error}") from None
        with file:
            self._acquire(file, name, tell)
            _write(file, {"who": who(), "pid": os.getpid(), "action": action, "since": now()})
            yield
            _write(file, {})

    def _acquire(self, file, name: str, tell: Callable[[str], None]) -> None:
        deadline, told = time.monotonic() + self.timeout, ""
        while not _try(file):
            holder = _holder(file)
            if holder != told:
                tell(f"waits for {holder}")
                told = holder
            if time.monotonic() > deadline:
                raise KollaError(
                    f"{name} is locked by {holder}, for more than {self.timeout} s",
                    "wait for it, end it, or raise [engine] lock_timeout",
                )
            time.sleep(0.1)


def _try(file) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except BlockingIOError:
        return False


def _write(file, holder: dict) -> None:
    with contextlib.suppress(OSError):  # a full disk: the lock itself holds all the same
        file.seek(0)
        file.truncate()
        file.write(json.dumps(holder))
        file.flush()


def _holder(file) -> str:
    file.seek(0)
    try:
        holder = json.loads(file.read())
        return "{who}'s {action} (process {pid}), at work since {since}".format(**holder)
    except (ValueError, KeyError):
        return "another kolla command"

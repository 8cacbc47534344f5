"""One lock for each container. The kernel frees it when its holder dies."""

import contextlib
import fcntl
import json
import os
import pathlib
import threading
import time
from collections.abc import Callable, Iterator

from kolla.errors import KollaError
from kolla.files import private_opener
from kolla.store.records import who
from kolla.times import now


class Locks:
    """A folder with one lock file for each container."""

    def __init__(self, folder: pathlib.Path, timeout: int):
        self.folder, self.timeout = folder, timeout

    def held(self, name: str) -> bool:
        """Whether somebody is at work on a container at this moment."""
        try:
            with (self.folder / f"{name}.lock").open("a+") as file:
                return not _try(file)
        except FileNotFoundError:
            return False

    @contextlib.contextmanager
    def hold(
        self, name: str, action: str, tell: Callable[[str], None],
        cancelled: threading.Event | None = None,
    ) -> Iterator[None]:
        """Hold the lock of a container; ``tell`` is told whom we wait for.

        Raises :class:`KollaError` if it is still taken after ``timeout`` seconds, or when
        the waiting is cancelled.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            file = open(self.folder / f"{name}.lock", "a+", opener=private_opener)
        except OSError as error:
            raise KollaError(f"the lock of {name} cannot be taken: {error}") from None
        with file:
            self._acquire(file, name, tell, cancelled or threading.Event())
            _write(file, {"who": who(), "pid": os.getpid(), "action": action, "since": now()})
            yield
            _write(file, {})

    def _acquire(self, file, name: str, tell, cancelled: threading.Event) -> None:
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
            if cancelled.wait(0.1):
                raise KollaError(f"interrupted while it waited for {holder}")


def _try(file) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except BlockingIOError:
        return False


def _write(file, holder: dict) -> None:
    # Not through the file's buffer, which would be written once more when it is closed.
    with contextlib.suppress(OSError):  # a full disk: the lock itself holds all the same
        os.ftruncate(file.fileno(), 0)
        os.write(file.fileno(), json.dumps(holder).encode())


def _holder(file) -> str:
    file.seek(0)
    try:
        holder = json.loads(file.read())
        return "{who}'s {action} (process {pid}), at work since {since}".format(**holder)
    except (ValueError, KeyError):
        return "another kolla command"

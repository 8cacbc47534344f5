"""One lock for each container. The kernel frees it when its holder dies."""

import contextlib
import dataclasses
import json
import os
import pathlib
import threading
import time
from collections.abc import Callable, Iterable, Iterator

from kolla.errors import KollaError
from kolla.files import lock_file, locked, try_lock
from kolla.store.records import who
from kolla.times import age, now


#: Seconds between two attempts to get a lock that is held.
PAUSE = 0.1
#: Seconds for which a command that only looks may hold it.
LOOK = 0.2


class Cancelled(KollaError):
    """Waiting for a lock was interrupted before any work began."""


@dataclasses.dataclass(frozen=True)
class Move:
    """A container that a command leads to another release, and who that is."""

    release: str
    holder: str


@dataclasses.dataclass(frozen=True)
class Held:
    """The lock of a container, for the command that holds it."""

    handle: int
    holder: dict

    def show(self, release: str) -> None:
        """Let other commands know to which release this one leads the container.

        Raises :class:`KollaError` if that cannot be written.
        """
        try:
            _write(self.handle, {**self.holder, "release": release})
        except OSError as error:
            raise KollaError(
                f"a lock below the state directory cannot be written: {error.strerror}",
                "is the disk full?",
            ) from None


class Locks:
    """A folder with one lock file for each container."""

    def __init__(self, folder: pathlib.Path, timeout: int):
        self.folder, self.timeout = folder, timeout

    def held(self, name: str) -> bool:
        """Whether a process holds the lock of a container."""
        path = self.folder / f"{name}.lock"
        if not path.exists():
            return False
        with lock_file(path) as handle:
            return not try_lock(handle, shared=True)

    def deciding(self) -> contextlib.AbstractContextManager[None]:
        """Held, for a moment, while a command decides whether its plan fits those of others."""
        return locked(self.folder)

    def moves(self, names: Iterable[str]) -> dict[str, Move]:
        """By container: where a command leads it at this moment, if it changes its release."""
        return {name: move for name in names if (move := self._move(name))}

    def _move(self, name: str) -> Move | None:
        path = self.folder / f"{name}.lock"
        if not path.exists():
            return None
        with lock_file(path) as handle:
            if try_lock(handle, shared=True):
                return None
            written = _read(handle)
        holder, since = _holder(written)
        release = written.get("release")
        return Move(release, holder + _running_for(since)) if release else None

    @contextlib.contextmanager
    def hold(
        self, name: str, action: str, tell: Callable[[str], None],
        cancelled: threading.Event | None = None,
    ) -> Iterator[Held]:
        """Hold the lock of a container; ``tell`` gets a text that names the present holder.

        Raises :class:`KollaError` if the lock is still taken after ``timeout`` seconds, or
        if waiting is cancelled.
        """
        with lock_file(self.folder / f"{name}.lock") as handle:
            self._acquire(handle, name, tell, cancelled or threading.Event())
            holder = {"who": who(), "pid": os.getpid(), "action": action, "since": now()}
            _note(handle, holder)
            yield Held(handle, holder)
            _note(handle, {})

    def _acquire(
        self, handle: int, name: str, tell: Callable[[str], None], cancelled: threading.Event
    ) -> None:
        begun, told = time.monotonic(), ""
        while not try_lock(handle):
            holder, since = _holder(_read(handle))
            waited = time.monotonic() - begun
            if waited > LOOK and holder + since != told:
                tell(f"waiting for {holder}{_running_for(since)}")
                told = holder + since
            if waited > max(self.timeout, LOOK):
                raise KollaError(
                    f"{name} is locked by {holder}; gave up after {self.timeout} s",
                    "wait for it, end it, or raise [engine] lock_timeout",
                )
            if cancelled.wait(PAUSE if told else LOOK / 10):
                raise Cancelled(f"interrupted while waiting for {holder}; nothing was changed")


def _note(handle: int, holder: dict) -> None:
    with contextlib.suppress(OSError):  # the disk is full: the lock holds all the same
        _write(handle, holder)


def _write(handle: int, holder: dict) -> None:
    os.ftruncate(handle, 0)
    os.pwrite(handle, json.dumps(holder).encode(), 0)


def _read(handle: int) -> dict:
    """What its holder has written into a lock; empty if that says nothing sensible."""
    try:
        holder = json.loads(os.pread(handle, 4096, 0))
        age(holder["since"])
        return holder
    except (ValueError, KeyError, TypeError):
        return {}


def _holder(holder: dict) -> tuple[str, str]:
    """Who holds the lock, and since when (empty if that is not known)."""
    try:
        return "{who}'s {action} (process {pid})".format(**holder), holder["since"]
    except KeyError:
        return "another kolla command", ""


def _running_for(since: str) -> str:
    return f", running for {age(since):.0f} s" if since else ""

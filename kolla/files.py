"""Files that are there as a whole or not at all, even after a power cut; folders; locks."""

import contextlib
import fcntl
import os
import pathlib
import subprocess
import tempfile
from collections.abc import Iterator

from kolla.errors import KollaError

#: Seconds that the removal of a folder may take.
PATIENCE = 60


def write_whole(
    path: pathlib.Path, content: bytes, mode: int = 0o600, owner: int | None = None,
    group: int | None = None,
) -> None:
    """Make or replace a file; ``owner`` is the number of a user, and of a group unless there is a
    ``group``.

    Who has the old one open, or mounted, keeps it. Raises :class:`KollaError` if it cannot
    be written; then it is as it was before.
    """
    with draft_of(path, mode, owner, group) as draft:
        draft.write_bytes(content)


@contextlib.contextmanager
def draft_of(
    path: pathlib.Path, mode: int = 0o600, owner: int | None = None, group: int | None = None
) -> Iterator[pathlib.Path]:
    """An empty file of ours alone, to be filled, that then takes the place of ``path``.

    For all else see :func:`write_whole`.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
        try:
            yield pathlib.Path(draft)
            os.fchmod(handle, mode)
            if owner is not None:
                os.fchown(handle, owner, owner)
            if group is not None:
                os.fchown(handle, -1, group)
            os.fsync(handle)
            os.replace(draft, path)
        except BaseException:
            os.unlink(draft)
            raise
        finally:
            os.close(handle)
        sync(path.parent)
    except OSError as error:
        raise KollaError(
            f"{path} cannot be written: {error.strerror}",
            "is the disk full, or read-only? else run this as root",
        ) from None


def sync(folder: pathlib.Path) -> None:
    """Have it on disk which files are in a folder."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folder(path: pathlib.Path, owner: int, mode: int = 0o755) -> None:
    """Make a folder for a user, and the group, of a number; those above it are for ours.

    A link in its place is not followed. Raises :class:`OSError`.
    """
    path.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        os.fchown(handle, owner, owner)
        os.fchmod(handle, mode)
    finally:
        os.close(handle)


def remove_folder(path: pathlib.Path) -> None:
    """Delete a folder and all in it, however deep; no link is followed.

    Not with :func:`shutil.rmtree`, which recurses once for each level. Raises
    :class:`KollaError` if a part of it is left, also after :data:`PATIENCE` seconds.
    """
    command = ["rm", "-rf", "--one-file-system", "--", str(path)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise KollaError(f"{path} is not removed as a whole: {error}") from None
    if done.returncode:
        said = (done.stderr.splitlines() or [f"exit code {done.returncode}"])[0]
        raise KollaError(f"{path} is not removed as a whole: {said}")


@contextlib.contextmanager
def lock_file(path: pathlib.Path) -> Iterator[int]:
    """The open handle of a file, made if need be, or of a folder: to take its lock with.

    The lock goes with the handle. Raises :class:`KollaError` if it cannot be opened.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        mode = os.O_RDONLY if path.is_dir() else os.O_RDWR | os.O_CREAT
        handle = os.open(path, mode | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise KollaError(
            f"{path} cannot be opened: {error.strerror}",
            "kolla needs to write there: is the disk full? else run it as root",
        ) from None
    try:
        yield handle
    finally:
        os.close(handle)


def try_lock(handle: int, shared: bool = False) -> bool:
    """Take the lock of an open file; False if another process, or another handle, has it.

    ``shared``: others may share it at the same time.
    """
    try:
        fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        return True
    except BlockingIOError:
        return False


@contextlib.contextmanager
def locked(path: pathlib.Path) -> Iterator[None]:
    """Wait for the lock of a file or folder, and hold it; the kernel frees it if we die.

    Raises :class:`KollaError` if it cannot be opened.
    """
    with lock_file(path) as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield

"""Files that are there as a whole or not at all, even after a power cut; folders."""

import os
import pathlib
import subprocess
import tempfile

from kolla.errors import KollaError

#: Seconds that the removal of a folder may take.
PATIENCE = 60


def write_whole(
    path: pathlib.Path, content: bytes, mode: int = 0o600, owner: int | None = None
) -> None:
    """Make or replace a file; ``owner`` is the number of a user, and of a group.

    Who has the old one open, or mounted, keeps it. Raises :class:`KollaError` if it cannot
    be written; then it is as it was before.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fchmod(handle, mode)
                if owner is not None:
                    os.fchown(handle, owner, owner)
                os.fsync(handle)
            os.replace(draft, path)
        except BaseException:
            os.unlink(draft)
            raise
        sync(path.parent)
    except OSError as error:
        raise KollaError(
            f"{path} cannot be written: {error.strerror}", "is the disk full, or read-only?"
        ) from None


def sync(folder: pathlib.Path) -> None:
    """Have it on disk which files are in a folder."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def private_opener(path: str, flags: int) -> int:
    """An opener, for :func:`open`: nobody else can read, or lock, a file that it makes."""
    return os.open(path, flags, 0o600)


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

"""Files that are there as a whole or not at all, even after a power cut."""

import os
import pathlib
import tempfile

from kolla.errors import KollaError


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

"""A copy of the state for users who may look and not touch: the members of one group.

They get neither the state file nor a lock of it, which they could hold to stop kolla, but a copy
in memory (below /run), without fingerprints of secrets. Beside it is a configuration with which
``kolla --config-dir`` reads that copy.
"""

import contextlib
import grp
import os
import pathlib
import sqlite3
import stat

from kolla.errors import KollaError
from kolla.files import write_whole
from kolla.store.database import read_only
from kolla.store.state_dir import StateDir

#: Where the copy is by default; only root can make it there.
FOLDER = pathlib.Path("/run/kolla")
#: The folder has the group's rights, and gives its group to what is made in it.
_FOLDER_MODE, _FILE_MODE = 0o2750, 0o640


class Published:
    """The copy of one state file for one group. Raises :class:`KollaError` if that fails."""

    def __init__(self, state_dir: pathlib.Path, folder: pathlib.Path, group: str):
        self._source, self._group = StateDir(state_dir), group
        self._folder, self._copy = folder, StateDir(folder).database

    def refresh(self) -> None:
        """Make the copy if it is missing or older than the state file; without a group, remove
        the one that was made before.
        """
        if not self._group:
            self._withdraw()
        elif self._source.database.exists() and self._is_old():
            self._prepare()
            write_whole(self._source.published, f"{self._folder}\n".encode())
            write_whole(self._folder / "kolla.conf", self._configuration(), _FILE_MODE)
            write_whole(self._copy, _without_fingerprints(self._source.database), _FILE_MODE)

    def _is_old(self) -> bool:
        path = self._source.database
        log = path.with_name(f"{path.name}-wal")
        try:
            made = self._copy.stat()
            changed = max(file.stat().st_mtime_ns for file in (path, log) if file.exists())
            return changed >= made.st_mtime_ns or made.st_gid != _gid(self._group)
        except FileNotFoundError:
            return True

    def _prepare(self) -> None:
        try:
            self._folder.mkdir(exist_ok=True)
            found = self._folder.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
                raise KollaError(
                    f"{self._folder} is not kolla's own folder, so nothing is shown to "
                    f"{self._group}", f"look what it is, and remove {self._folder}",
                )
            os.chown(self._folder, -1, _gid(self._group), follow_symlinks=False)
            self._folder.chmod(_FOLDER_MODE)
        except OSError as error:
            raise KollaError(f"{self._folder} cannot be made: {error.strerror}") from None

    def _withdraw(self) -> None:
        """Only what this deployment has made."""
        if not self._source.published.exists():
            return
        folder = pathlib.Path(self._source.published.read_text().strip())
        with contextlib.suppress(OSError):
            for path in (folder / "kolla.conf", StateDir(folder).database):
                path.unlink(missing_ok=True)
            folder.rmdir()
        self._source.published.unlink(missing_ok=True)

    def _configuration(self) -> bytes:
        """The last valid configuration, which has no secrets, with the place of the copy."""
        text = ""
        if self._source.last_valid.exists():
            text = self._source.last_valid.read_text(encoding="utf-8")
        return f"{text}\n[DEFAULT]\nstate_dir = {self._folder}\n".encode()


def readable(config_dir: pathlib.Path) -> pathlib.Path:
    """The folder of the copy, if this user can read that and not the configuration."""
    own, copy = config_dir / "kolla.conf", FOLDER / "kolla.conf"
    return FOLDER if os.access(copy, os.R_OK) and not os.access(own, os.R_OK) else config_dir


def is_copy(config_dir: pathlib.Path) -> bool:
    """Whether a folder with a configuration is such a copy."""
    return os.access(StateDir(config_dir).database, os.R_OK)


def _gid(group: str) -> int:
    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        raise KollaError(
            f"there is no group {group!r}, which [DEFAULT] readers names",
            f"groupadd --system {group}",
        ) from None


def _without_fingerprints(path: pathlib.Path) -> bytes:
    """The state file as a whole, rewritten so that nothing is left of what it leaves out."""
    try:
        with contextlib.closing(read_only(path)) as source, \
                contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as copy:
            source.backup(copy)
            copy.execute("UPDATE generations SET secrets = '{}'")
            copy.execute("VACUUM")
            return copy.serialize()
    except sqlite3.Error as error:
        raise KollaError(f"{path} cannot be copied: {error}") from None

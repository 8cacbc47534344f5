"""A copy of the state for users who may look and not touch: the members of one group.

They get neither the state file nor a lock of it, which they could hold to stop kolla, but a copy
in memory (below /run), without fingerprints of secrets. Beside it is a configuration with which
``kolla --config-dir`` reads that copy.
"""

import contextlib
import grp
import logging
import os
import pathlib
import sqlite3
import stat

from kolla.errors import KollaError
from kolla.files import draft_of, write_whole
from kolla.store.database import read_only
from kolla.store.state_dir import StateDir

LOG = logging.getLogger(__name__)

#: Where the copy is by default; only root can make it there.
FOLDER = pathlib.Path("/run/kolla")
#: Without the setgid bit, which the units of systemd let nobody set (RestrictSUIDSGID).
_FOLDER_MODE, _FILE_MODE = 0o750, 0o640
_CONFIGURATION = "kolla.conf"


class Published:
    """The copy of one state file for one group. Raises :class:`KollaError` if that fails."""

    def __init__(self, state_dir: pathlib.Path, folder: pathlib.Path, group: str):
        self._source, self._group = StateDir(state_dir), group
        self._folder, self._copy = folder, StateDir(folder).database
        #: Why readers see nothing, or an old state.
        self._obstacle = ""

    def show(self) -> None:
        """Refresh the copy. What hinders that is told once: the monitor often tries again."""
        told, self._obstacle = self._obstacle, ""
        try:
            self.refresh()
        except KollaError as error:
            self._obstacle = str(error)
            if self._obstacle != told:
                LOG.warning("%s", error)

    def refresh(self) -> None:
        """Make the copy if it is missing or not that of the state file as it is; without a group,
        remove the one that was made before.
        """
        if not self._group:
            self._withdraw()
        elif self._source.database.exists() and (changed := self._changed()) != self._shown():
            if self._earlier() not in (None, self._folder):
                self._withdraw()
            group = _gid(self._group)
            self._prepare(group)
            write_whole(self._source.published, f"{self._folder}\n".encode())
            own = self._folder / _CONFIGURATION
            write_whole(own, self._configuration(), _FILE_MODE, group=group)
            with draft_of(self._copy, _FILE_MODE, group=group) as draft:
                _copy_without_fingerprints(self._source.database, draft)
            # What was written while it was copied is not in it: the next look finds that.
            os.utime(self._copy, ns=(changed, changed))

    def _changed(self) -> int:
        """When the state file, or its log, was last written to."""
        path = self._source.database
        times = [path.stat().st_mtime_ns]
        with contextlib.suppress(FileNotFoundError):
            times.append(path.with_name(f"{path.name}-wal").stat().st_mtime_ns)
        return max(times)

    def _shown(self) -> int | None:
        """The time of the state that the group can read; None if it can read none."""
        try:
            made = self._copy.stat()
        except OSError:
            return None
        return made.st_mtime_ns if made.st_gid == _gid(self._group) else None

    def _prepare(self, group: int) -> None:
        try:
            self._folder.mkdir(exist_ok=True, mode=0o700)
            found = self._folder.lstat()
            if (not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid()
                    or not self._has_only_a_copy()):
                raise KollaError(
                    f"{self._folder} is not kolla's own folder, so nothing is shown to "
                    f"{self._group}", f"look what it is, and remove {self._folder}, or name "
                    "another [DEFAULT] readers_dir",
                )
            os.chown(self._folder, -1, group, follow_symlinks=False)
            self._folder.chmod(_FOLDER_MODE)
        except OSError as error:
            raise KollaError(f"{self._folder} cannot be made: {error.strerror}") from None

    def _has_only_a_copy(self) -> bool:
        """Whether the folder is empty, or has a copy or a part of one; it is never the state
        itself, a folder with a configuration, or one of the system.
        """
        names = {path.name for path in self._folder.iterdir()
                 if not path.name.startswith(".kolla.")}  # a draft
        own = self._folder / _CONFIGURATION
        return not names or (
            own.name in names and names <= {own.name, self._copy.name}
            and own.read_text(encoding="utf-8").endswith(self._ending)
        )

    def _earlier(self) -> pathlib.Path | None:
        """Where this deployment has made a copy."""
        try:
            return pathlib.Path(self._source.published.read_text().strip())
        except FileNotFoundError:
            return None

    def _withdraw(self) -> None:
        """Remove the copy, but only one that this deployment has made."""
        folder = self._earlier()
        if folder is None:
            return
        with contextlib.suppress(OSError):
            for path in (folder / _CONFIGURATION, StateDir(folder).database):
                path.unlink(missing_ok=True)
            folder.rmdir()
        self._source.published.unlink(missing_ok=True)

    def _configuration(self) -> bytes:
        """The last valid configuration, which has no secrets, with the place of the copy."""
        text = ""
        if self._source.last_valid.exists():
            text = self._source.last_valid.read_text(encoding="utf-8")
        return f"{text}{self._ending}".encode()

    @property
    def _ending(self) -> str:
        """The end of the configuration, by which a copy is known."""
        return f"\n[DEFAULT]\nstate_dir = {self._folder}\n"


def readable(config_dir: pathlib.Path) -> pathlib.Path:
    """The folder of the copy, if this user can read that and not the configuration."""
    own, copy = config_dir / _CONFIGURATION, FOLDER / _CONFIGURATION
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


def _copy_without_fingerprints(path: pathlib.Path, to: pathlib.Path) -> None:
    """Copy the state file into an empty one, in which nothing is left of what it leaves out."""
    try:
        with contextlib.closing(read_only(path)) as source:
            source.execute("VACUUM INTO ?", (str(to),))
        with contextlib.closing(sqlite3.connect(to, isolation_level=None)) as copy:
            copy.execute("PRAGMA journal_mode = OFF")  # no second file, with what was before
            copy.execute("PRAGMA secure_delete = ON")
            copy.execute("UPDATE generations SET secrets = '{}'")
    except sqlite3.Error as error:
        raise KollaError(f"{path} cannot be copied: {error}") from None

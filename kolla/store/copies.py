"""Daily copies of the state file, and the restoration of one of them."""

import contextlib
import datetime
import pathlib
import sqlite3

from kolla.errors import KollaError
from kolla.files import write_whole
from kolla.store.database import read_only
from kolla.store.locks import Locks
from kolla.store.tables import require_known


class Copies:
    """The folder with the copies of one state file."""

    def __init__(self, path: pathlib.Path, folder: pathlib.Path, keep: int):
        self.path, self.folder, self.keep = path, folder, keep

    def take(self) -> None:
        """Copy the state file unless there is a copy of today; delete the oldest copies.

        It does not copy a state file without containers, which may have replaced a lost one.
        Raises :class:`KollaError` if the file is broken, or the copy cannot be written.
        """
        copy = self.folder / f"kolla-{datetime.datetime.now(datetime.UTC):%Y-%m-%d}.sqlite"
        if copy.exists() or not self.path.exists():
            return
        content = _content(self.path, empty=b"")
        if not content:
            return
        write_whole(copy, content)
        others = sorted(set(self.folder.glob("kolla-*.sqlite")) - {copy})
        for old in others[:max(len(others) + 1 - self.keep, 0)]:
            old.unlink(missing_ok=True)

    def read(self, source: pathlib.Path) -> bytes:
        """The content of a copy. Raises :class:`KollaError` if it is no readable state file."""
        if not source.is_file():
            raise KollaError(f"there is no file {source}", f"copies are in {self.folder}")
        return _content(source)

    def restore(self, content: bytes, locks: pathlib.Path) -> pathlib.Path | None:
        """Replace the state file by what was read from a copy.

        Returns the path at which it put the old one aside. ``locks`` is the folder with the locks
        of the containers. Raises :class:`KollaError` if a command is at work on any of them.
        """
        with contextlib.ExitStack() as stack:
            for path in sorted(locks.glob("*.lock")):
                held = Locks(locks, timeout=0).hold(path.stem, "recover", lambda holder: None)
                stack.enter_context(held)
            aside = None
            if self.path.exists():
                aside = self.path.with_name("before-recovery.sqlite")
                write_whole(aside, self._as_it_is())
            for rest in ("-wal", "-shm"):  # the old file's would ruin the new one
                self.path.with_name(self.path.name + rest).unlink(missing_ok=True)
            write_whole(self.path, content)
        return aside

    def _as_it_is(self) -> bytes:
        try:
            return _content(self.path)
        except KollaError:  # broken: keep it as it is for a repair
            return self.path.read_bytes()


def _content(path: pathlib.Path, empty: bytes | None = None) -> bytes:
    """The whole content of a state file, including its log; ``empty`` (unless None) if it has
    no containers. Raises :class:`KollaError` if it is broken.
    """
    try:
        with contextlib.closing(read_only(path)) as db:
            require_known(db)
            if (found := db.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
                raise sqlite3.DatabaseError(found)
            containers = db.execute("SELECT count(*) FROM containers").fetchone()[0]
            return db.serialize() if containers or empty is None else empty
    except sqlite3.Error as error:
        raise KollaError(f"{path} is not a state file that can be read: {error}") from None

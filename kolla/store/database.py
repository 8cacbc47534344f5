"""One SQLite file: its connection, its transactions, and readable errors."""

import contextlib
import os
import pathlib
import sqlite3
import threading
from collections.abc import Iterator
from typing import Any

from kolla.errors import KollaError, said
from kolla.store import tables


class Database:
    """A SQLite file, made if it is missing. Raises :class:`KollaError` if that fails."""

    def __init__(self, path: pathlib.Path):
        self.path = path
        self._lock = threading.RLock()
        self._db = self._opened()

    def _opened(self) -> sqlite3.Connection:
        """A connection; a read-only one if the file exists and this user, or anybody, may only
        read it.
        """
        try:
            if self.path.exists() and not os.access(self.path, os.W_OK):
                return self._opened_to_be_read()
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            db = sqlite3.connect(
                self.path, timeout=30, isolation_level=None, check_same_thread=False
            )
            self.path.chmod(0o600)
            db.row_factory = sqlite3.Row
            tables.prepare(db)
            db.execute("PRAGMA synchronous=FULL")
            self._identity = _identity(self.path)
            return db
        except (OSError, sqlite3.Error) as error:
            raise KollaError(
                f"the state file {self.path} cannot be opened: {said(error)}", _advice(error)
            ) from None

    def _opened_to_be_read(self) -> sqlite3.Connection:
        db = read_only(self.path)
        db.row_factory = sqlite3.Row
        tables.require_current(db)
        self._identity = _identity(self.path)
        return db

    def replaced(self) -> bool:
        """Whether the file was deleted, or another file took its place."""
        return _identity(self.path) != self._identity

    def reopen(self) -> None:
        """Open the file that is there now. Raises :class:`KollaError` if there is none or it
        cannot be opened; then the connection from before stays open.
        """
        with self._lock:
            if _identity(self.path) is None:
                raise KollaError(
                    f"the state file {self.path} is gone",
                    "`kolla recover` makes it again from the containers' labels",
                )
            before, self._db = self._db, self._opened()
            before.close()

    def follow(self) -> None:
        """Open the file that has taken the place of this one, if one has: readers' copies are
        replaced whenever something changes.
        """
        if self.replaced():
            with contextlib.suppress(KollaError):  # for a moment there is none
                self.reopen()

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def _write(self, statement: str, *values: Any) -> sqlite3.Cursor:
        with self._lock:
            try:
                return self._db.execute(statement, values)
            except sqlite3.Error as error:
                raise KollaError(
                    f"the state file {self.path} cannot be written: {error}",
                    "is the disk full, or read-only? `kolla recover` carries on afterwards",
                ) from None

    def _rows(self, statement: str, *values: Any) -> list[sqlite3.Row]:
        with self._lock:
            try:
                return self._db.execute(statement, values).fetchall()
            except sqlite3.Error as error:
                raise KollaError(f"the state file {self.path} cannot be read: {error}") from None

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Either all writes in the block take effect, or none."""
        with self._lock, _Transaction(self._db, self.path):
            yield


def read_only(path: pathlib.Path) -> sqlite3.Connection:
    """A connection that writes nothing, neither into the file nor beside it.

    If there is no log, SQLite would make one unless the file is declared immutable.
    """
    log = path.with_name(f"{path.name}-wal")
    how = "mode=ro" if log.exists() else "immutable=1"
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?{how}", uri=True, timeout=30, isolation_level=None,
        check_same_thread=False,
    )


def _advice(error: OSError | sqlite3.Error) -> str:
    """What to do about a file that cannot be opened."""
    if not isinstance(error, OSError | sqlite3.OperationalError):  # it was read, and is broken
        return "move it away; `kolla recover` then rebuilds it from the containers' labels"
    return ("kolla needs to write there: is the disk full? else run it as root, or name another "
            "[DEFAULT] state_dir")


def _identity(path: pathlib.Path) -> tuple[int, int] | None:
    """The device and inode of a file, which identify it; None if there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


class _Transaction:
    """BEGIN IMMEDIATE … COMMIT; within an open transaction it joins that one."""

    def __init__(self, db: sqlite3.Connection, path: pathlib.Path):
        self._db, self._path = db, path

    def __enter__(self) -> None:
        self._outer = not self._db.in_transaction
        if self._outer:
            self._run("BEGIN IMMEDIATE")

    def __exit__(self, kind: type | None, error: object, trace: object) -> None:
        if self._outer:
            self._run("ROLLBACK" if kind else "COMMIT")

    def _run(self, statement: str) -> None:
        try:
            self._db.execute(statement)
        except sqlite3.Error as error:
            if self._db.in_transaction:
                self._db.rollback()
            raise KollaError(
                f"the state file {self._path} cannot be written: {error}", "is the disk full?"
            ) from None

"""The tables of the state file, and how those of an earlier kolla become today's."""

import sqlite3

from kolla.errors import KollaError

_FIRST = """
CREATE TABLE IF NOT EXISTS containers (
    name TEXT PRIMARY KEY,
    current INTEGER,
    last_number INTEGER NOT NULL DEFAULT 0,
    target TEXT NOT NULL DEFAULT 'absent',
    release_pin TEXT,
    image_pin TEXT,
    settled INTEGER NOT NULL DEFAULT 1,
    health TEXT NOT NULL DEFAULT 'unknown',
    health_detail TEXT NOT NULL DEFAULT '',
    health_at TEXT
);
CREATE TABLE IF NOT EXISTS generations (
    container TEXT NOT NULL,
    number INTEGER NOT NULL,
    spec TEXT NOT NULL,
    secrets TEXT NOT NULL,
    cause TEXT NOT NULL,
    created TEXT NOT NULL,
    committed TEXT,
    ended TEXT,
    outcome TEXT NOT NULL DEFAULT 'trying',
    reason TEXT NOT NULL DEFAULT '',
    evidence TEXT NOT NULL DEFAULT '',
    kept INTEGER NOT NULL DEFAULT 1,
    confirmed TEXT,
    PRIMARY KEY (container, number)
);
CREATE TABLE IF NOT EXISTS events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    parent INTEGER,
    at TEXT NOT NULL,
    who TEXT NOT NULL,
    action TEXT NOT NULL,
    container TEXT NOT NULL,
    generation INTEGER,
    outcome TEXT NOT NULL DEFAULT 'begun',
    detail TEXT NOT NULL DEFAULT '',
    seconds REAL
);
CREATE INDEX IF NOT EXISTS events_of_container ON events (container, outcome);
"""
#: What the monitor has to remember.
_SECOND = """
ALTER TABLE containers ADD COLUMN maintenance TEXT;
ALTER TABLE containers ADD COLUMN failed TEXT;
ALTER TABLE containers ADD COLUMN restarts TEXT NOT NULL DEFAULT '[]';
ALTER TABLE events ADD COLUMN evidence TEXT NOT NULL DEFAULT '';
"""
#: That a deletion means the data as well.
_THIRD = """
ALTER TABLE containers ADD COLUMN erase INTEGER NOT NULL DEFAULT 0;
"""
#: Since when, and by which command, a container is pinned.
_FOURTH = """
ALTER TABLE containers ADD COLUMN pinned_at TEXT;
ALTER TABLE containers ADD COLUMN pinned_by TEXT NOT NULL DEFAULT '';
"""
#: Which task an operation ran.
_FIFTH = """
ALTER TABLE events ADD COLUMN task TEXT NOT NULL DEFAULT '';
"""
_STEPS = (_FIRST, _SECOND, _THIRD, _FOURTH, _FIFTH)


def prepare(db: sqlite3.Connection) -> None:
    """Make the tables, or bring them up to date: all of it or nothing.

    Raises :class:`KollaError` if a later kolla wrote them.
    """
    if _version(db) == len(_STEPS):
        return
    db.execute("PRAGMA journal_mode=WAL")
    with db:
        db.execute("BEGIN IMMEDIATE")
        require_known(db)
        for statement in "".join(_STEPS[_version(db):]).split(";"):
            db.execute(statement)
        db.execute(f"PRAGMA user_version={len(_STEPS)}")


def require_known(db: sqlite3.Connection) -> None:
    """Raise :class:`KollaError` if a later kolla wrote the tables."""
    version = _version(db)
    if version > len(_STEPS):
        raise KollaError(
            f"the state file is of a later kolla (format {version})",
            "install that version of kolla again",
        )


def require_current(db: sqlite3.Connection) -> None:
    """Raise :class:`KollaError` if the tables are those of another kolla."""
    require_known(db)
    if _version(db) < len(_STEPS):
        raise KollaError(
            f"the state file is of an earlier kolla (format {_version(db)})",
            "it is brought up to date as soon as kolla can write there",
        )


def _version(db: sqlite3.Connection) -> int:
    return db.execute("PRAGMA user_version").fetchone()[0]

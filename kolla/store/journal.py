"""The journal: which actions and operations were begun, by whom, and how they ended."""

import sqlite3

from kolla.store.database import Database
from kolla.store.records import ActionOutcome, EventRecord, who
from kolla.times import now

#: How many of the newest events stay however old they are; operations count, too.
KEPT_EVENTS = 10_000


class Journal(Database):
    """The table of events."""

    def open_event(
        self, action: str, container: str, generation: int | None = None,
        detail: str = "", parent: int | None = None, evidence: str = "", task: str = "",
    ) -> int:
        cursor = self._write(
            "INSERT INTO events"
            " (parent, at, who, action, container, generation, detail, evidence, task)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            parent, now(), who(), action, container, generation, detail, evidence, task,
        )
        return int(cursor.lastrowid or 0)

    def close_event(
        self, event: int, outcome: ActionOutcome, seconds: float,
        detail: str | None = None, generation: int | None = None,
    ) -> None:
        self._write(
            "UPDATE events SET outcome = ?, seconds = ?, detail = coalesce(?, detail),"
            " generation = coalesce(?, generation) WHERE id = ?",
            outcome, round(seconds, 3), detail, generation, event,
        )

    def forget_events(self, before: str, keep: int = KEPT_EVENTS) -> None:
        """Delete events that began before a time and have ended.

        The newest ``keep`` events stay: a wrong clock makes all of them look old.
        """
        self._write(
            "DELETE FROM events WHERE at < ? AND outcome != 'begun'"
            " AND id <= (SELECT max(id) FROM events) - ?",
            before, keep,
        )

    def events(
        self, limit: int = 100, container: str | None = None, operations: bool = False,
        after: str = "", first: int = 0,
    ) -> list[EventRecord]:
        """The newest events, oldest first; with ``operations`` also each operation.

        ``after`` is a time (UTC, ISO 8601), ``first`` the lowest number; -1 is no ``limit``.
        """
        rows = self._rows(
            "SELECT * FROM events WHERE (? IS NULL OR container = ?)"
            " AND (? OR parent IS NULL) AND at >= ? AND id >= ? ORDER BY id DESC LIMIT ?",
            container, container, operations, after, first, limit,
        )
        return [_event(row) for row in reversed(rows)]

    def events_from(self, first: int) -> list[EventRecord]:
        """Actions from this number on, oldest first, without their evidence."""
        rows = self._rows(
            "SELECT id, parent, at, who, action, container, generation, outcome, detail, seconds"
            " FROM events WHERE id >= ? AND parent IS NULL ORDER BY id",
            first,
        )
        return [_event(row) for row in rows]

    def last_runs(self, container: str, action: str) -> dict[str, EventRecord]:
        """By name of a task: its last run in this phase."""
        rows = self._rows(
            "SELECT * FROM events WHERE id IN (SELECT max(id) FROM events"
            " WHERE container = ? AND action = ? AND task != '' GROUP BY task)",
            container, action,
        )
        return {row["task"]: _event(row) for row in rows}

    def incidents(self, container: str, limit: int = 100) -> list[EventRecord]:
        """The events of a container that have evidence, oldest first."""
        rows = self._rows(
            "SELECT * FROM events WHERE container = ? AND evidence != '' ORDER BY id DESC LIMIT ?",
            container, limit,
        )
        return [_event(row) for row in reversed(rows)]

    def last_operation(self, name: str, generation: int, *actions: str) -> str:
        """The last of these operations that was begun with a generation; empty if none was."""
        marks = ", ".join("?" * len(actions))
        rows = self._rows(
            "SELECT action FROM events WHERE container = ? AND generation = ?"
            f" AND parent IS NOT NULL AND action IN ({marks}) ORDER BY id DESC LIMIT 1",
            name, generation, *actions,
        )
        return rows[0]["action"] if rows else ""

    def begun(self, name: str) -> bool:
        """Whether a command is at work on a container, or was killed at it."""
        return bool(self._rows(
            "SELECT 1 FROM events WHERE container = ? AND outcome = 'begun' LIMIT 1", name
        ))


def _event(row: sqlite3.Row) -> EventRecord:
    values = dict(row)
    return EventRecord(**{**values, "outcome": ActionOutcome(values["outcome"])})

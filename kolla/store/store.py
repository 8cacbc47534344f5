"""The state file: containers, generations, and the journal. One SQLite file.

Every method is one transaction. Times are UTC in ISO 8601, durations in seconds.
"""

import json
import pathlib
import sqlite3
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from kolla.errors import KollaError
from kolla.store import pins
from kolla.store.journal import Journal
from kolla.store.numbers import Numbers
from kolla.store.pins import Pins
from kolla.store.records import RUNNING, Generation, GenerationOutcome, Record, Target
from kolla.store.state_dir import StateDir
from kolla.times import now

if TYPE_CHECKING:
    from kolla.plugin.spec import Spec


class Store(Journal):
    """The state file of one host."""

    def __init__(self, state_dir: pathlib.Path):
        places = StateDir(state_dir)
        super().__init__(places.database)
        self.numbers = Numbers(places.numbers)
        self.pins = Pins(places.pins)

    # Containers

    def container(self, name: str) -> Record:
        """The record of a container; an empty record if there is none."""
        rows = self._rows("SELECT * FROM containers WHERE name = ?", name)
        return _record(rows[0]) if rows else Record(name)

    def changed(self) -> int:
        """A number that differs after every change by another process.

        After :meth:`reopen` it cannot be compared with numbers from before.
        """
        return self._rows("PRAGMA data_version")[0][0]

    def containers(self) -> list[Record]:
        return [_record(row) for row in self._rows("SELECT * FROM containers ORDER BY name")]

    def records(self) -> dict[str, Record]:
        """The records of all containers by their names."""
        return {record.name: record for record in self.containers()}

    def update(self, name: str, **values: Any) -> None:
        """Set columns of a container's record."""
        columns = ", ".join(values)
        marks = ", ".join("?" * len(values))
        updates = ", ".join(f"{column} = excluded.{column}" for column in values)
        self._write(
            f"INSERT INTO containers (name, {columns}) VALUES (?, {marks})"
            f" ON CONFLICT (name) DO UPDATE SET {updates}",
            name, *values.values(),
        )
        if not values.keys().isdisjoint(pins.COLUMNS):
            record = self.container(name)
            self.pins.write(name, {column: getattr(record, column) for column in pins.COLUMNS})

    def restore_pins(self) -> None:
        """Take over the pins beside the state file, which may be older than they are."""
        for record in self.containers():
            if known := self.pins.of(record.name):
                self.update(record.name, **known)

    def end_maintenance(self, name: str, until: str) -> None:
        """End a maintenance, unless it was changed to last until another time."""
        self._write(
            "UPDATE containers SET maintenance = NULL WHERE name = ? AND maintenance = ?",
            name, until,
        )

    def note_health(self, rows: list[tuple[str, str, str, str]]) -> None:
        """(name, health, detail, when) of many containers that are on record."""
        with self.transaction():
            for name, health, detail, at in rows:
                self._write(
                    "UPDATE containers SET health = ?, health_detail = ?, health_at = ?"
                    " WHERE name = ?",
                    health, detail, at, name,
                )

    # Generations

    def begin(
        self, name: str, spec: "Spec", secrets: dict[str, str], cause: str,
        outdated: Iterable[int] = (),
    ) -> int:
        """Give the next number to a spec. The number is on disk before it is used.

        The ``outdated`` generations are dropped from the records.
        """
        with self._lock:
            number = 1 + max(self.container(name).last_number, self.numbers.highest(name))
            self.numbers.claim(name, number)
            with self.transaction():
                self.update(name, last_number=number, settled=0)
                self._insert(name, number, spec, secrets, cause)
                for old in outdated:
                    self._write(
                        "DELETE FROM generations WHERE container = ? AND number = ?", name, old
                    )
            return number

    def adopt(self, name: str, number: int, spec: "Spec", cause: str) -> None:
        """Take in a generation that the engine has and this file does not."""
        with self.transaction():
            highest = max(number, self.container(name).last_number, self.numbers.highest(name))
            self.update(name, last_number=highest, settled=0)
            self._insert(name, number, spec, {}, cause)

    def _insert(self, name: str, number: int, spec: "Spec", secrets: dict, cause: str) -> None:
        self._write(
            "INSERT OR IGNORE INTO generations (container, number, spec, secrets, cause, created)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            name, number, spec.to_json(), json.dumps(secrets), cause, now(),
        )

    def commit(
        self, name: str, number: int, why: str = "", evidence: str = "",
        replaced_as: GenerationOutcome = GenerationOutcome.KEPT, **values: Any,
    ) -> None:
        """The one transaction that decides which generation counts.

        ``why`` and ``evidence`` are about the one it replaces; ``values`` are further columns
        of the container's record.
        """
        with self.transaction():
            previous = self.container(name).current
            if previous is not None and previous != number:
                reason = "; ".join(filter(None, (f"replaced by generation {number}", why)))
                self.end(name, previous, replaced_as, reason, evidence)
            self.update(
                name, current=number, target=RUNNING, settled=0, failed=None, restarts="[]",
                **values,
            )
            self._write(
                "UPDATE generations SET outcome = 'current', ended = NULL,"
                " committed = coalesce(committed, ?) WHERE container = ? AND number = ?",
                now(), name, number,
            )

    def end(
        self, name: str, number: int, outcome: GenerationOutcome, reason: str, evidence: str = ""
    ) -> None:
        """Record how a generation ended, and why."""
        self._write(
            "UPDATE generations SET outcome = ?, reason = ?, ended = ?,"
            " evidence = CASE ? WHEN '' THEN evidence ELSE ? END"
            " WHERE container = ? AND number = ?",
            outcome, reason, now(), evidence, evidence, name, number,
        )

    def confirm(self, name: str, number: int) -> None:
        """Record that a generation is there to stay."""
        self._write(
            "UPDATE generations SET confirmed = ? WHERE container = ? AND number = ?",
            now(), name, number,
        )

    def forget(self, name: str, number: int) -> None:
        """Record that a generation's image is no longer protected."""
        self._write(
            "UPDATE generations SET kept = 0 WHERE container = ? AND number = ?", name, number
        )

    def abandon(self, name: str) -> None:
        """Mark events and generations of a killed command as interrupted and discarded."""
        with self.transaction():
            self._write(
                "UPDATE events SET outcome = 'interrupted'"
                " WHERE container = ? AND outcome = 'begun'",
                name,
            )
            self._write(
                "UPDATE generations SET outcome = 'discarded', ended = ?,"
                " reason = 'interrupted before it was committed'"
                " WHERE container = ? AND outcome = 'trying'",
                now(), name,
            )

    def unfinished(self) -> list[str]:
        """The containers that a command is at work on, or was killed at."""
        rows = self._rows(
            "SELECT name FROM containers WHERE settled = 0"
            " UNION SELECT container FROM events WHERE outcome = 'begun'"
        )
        return [row[0] for row in rows]

    def find(self, name: str, number: int | None) -> Generation | None:
        """One generation; None if that number is not on record."""
        rows = self._rows(
            "SELECT * FROM generations WHERE container = ? AND number = ?", name, number
        )
        return _generation(rows[0]) if rows else None

    def generation(self, name: str, number: int | None) -> Generation:
        """One generation; :class:`KollaError` if it is not on record."""
        found = self.find(name, number)
        if found is None:
            raise KollaError(
                f"nothing is recorded of generation {number} of {name}",
                "`kolla recover` takes it in from the engine",
            )
        return found

    def generations(self, name: str | None = None) -> list[Generation]:
        """All of one container, or of all, oldest first."""
        rows = self._rows(
            "SELECT * FROM generations WHERE ? IS NULL OR container = ?"
            " ORDER BY container, number",
            name, name,
        )
        return [_generation(row) for row in rows]


def _record(row: sqlite3.Row) -> Record:
    values = dict(row)
    restarts = tuple(json.loads(values["restarts"]))
    flags = {name: bool(values[name]) for name in ("settled", "erase")}
    target = Target(values["target"])
    return Record(**{**values, **flags, "target": target, "restarts": restarts})


def _generation(row: sqlite3.Row) -> Generation:
    values = dict(row)
    values["outcome"] = GenerationOutcome(values["outcome"])
    return Generation(
        **{**values, "secrets": json.loads(values["secrets"]), "kept": bool(values["kept"])}
    )

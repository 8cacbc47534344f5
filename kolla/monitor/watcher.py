"""Watches the containers that are on record as running, each from its first generation on."""

import contextlib
import dataclasses
import random

from kolla.deployment import KINDS, Deployment
from kolla.errors import KollaError
from kolla.monitor.checks import Checks
from kolla.monitor.journal import Journal
from kolla.monitor.lookout import Lookout
from kolla.monitor.loop import Loop
from kolla.monitor.remedies import Remedies
from kolla.monitor.ward import Ward, clock, line
from kolla.monitor.watched import Watched, recall, rules_for
from kolla.records import RUNNING, Generation, Record, now

#: Seconds between two looks at what is recorded, at all the engine has, and two writes of
#: what was found.
RECORDS, SWEEP, WRITE = 1, 30, 5
#: A first check comes at most so many seconds after the monitor began.
FIRST = 10


class Watcher:
    """Of one deployment. Its ``ward`` is the view that others may have of it."""

    def __init__(self, deployment: Deployment, loop: Loop):
        self.ward = Ward(deployment, loop)
        self._store, self._journal = deployment.store, Journal(deployment.store)
        self._remedies = Remedies(self.ward, self._done)
        self._checks = Checks(self.ward, self._remedies, self._unable)
        self._lookout = Lookout(self.ward, self._remedies, self._checks)
        self._seen_change: int | None = None
        self._first = True

    def start(self) -> None:
        every = self.ward.loop.every
        every(RECORDS, self._read_records)
        every(RECORDS, self._end_maintenance)
        every(SWEEP, self._lookout.sweep)
        every(WRITE, self.ward.write)
        self._lookout.start()

    def close(self) -> None:
        self._lookout.stop()
        self.ward.close()

    def _unable(self, watched: Watched, error: Exception) -> None:
        self._lookout.unable(watched, error)

    def _done(self, watched: Watched) -> None:
        """Something was done to it: see what has become of it."""
        self._seen_change = None
        if self.ward.has(watched):
            self._lookout.look(watched.name)
            self._checks.ask_in(watched, 0.5)

    def _read_records(self) -> None:
        """Take in what commands have changed."""
        change = self._store.changed()
        if change == self._seen_change:
            return
        records = self.ward.deployment.records()
        self._seen_change = change
        running = {
            name: record for name, record in records.items()
            if record.target == RUNNING and record.current is not None
        }
        for name in set(self.ward.watched) - set(running):
            self._checks.forget(self.ward.watched.pop(name))
        for record in running.values():
            try:
                self._follow(record)
            except Exception as error:  # the others are watched all the same
                self._lose(record.name, line(error))
        self.ward.teller.rest(records)
        self.ward.tell_sets()
        self._first = False
        for event in self._journal.news():
            kind = KINDS.get(event.action, event.action)
            self.ward.metrics.changed(kind, event.container, event.outcome, event.seconds or 0)

    def _lose(self, name: str, why: str) -> None:
        """What is on record of it cannot be read; it may be a moment later."""
        self._seen_change = None
        if watched := self.ward.watched.pop(name, None):
            self._checks.forget(watched)
        self.ward.teller.lost(name, f"what is on record of it cannot be read: {why}")

    def _follow(self, record: Record) -> None:
        watched = self.ward.watched.get(record.name)
        generation = self._store.generation(record.name, record.current)
        if watched and watched.number == generation.number:
            if watched.memory.given_up and not record.failed and not watched.in_care:
                # Somebody has acted.
                watched.memory = recall(record, watched.number, watched.rules, clock())
            watched.record, watched.generation = record, generation
        else:
            watched = self._begin(record, generation, watched)
        self.ward.tell(watched)

    def _begin(
        self, record: Record, generation: Generation, predecessor: Watched | None
    ) -> Watched:
        if predecessor:
            self._checks.forget(predecessor)
        spec = generation.snapshot
        rules = rules_for(spec, self.ward.deployment.settings)
        memory = recall(record, generation.number, rules, clock())
        watched = Watched(
            record, generation, spec, rules, memory, since=now(),
            probation=self.ward.deployment.settings.value("engine", "probation"),
            # What it was before, in whatever generation, is no news.
            told=memory.status if self._first else predecessor.told if predecessor else "",
        )
        self.ward.watched[record.name] = watched
        self._lookout.look(record.name)
        self._checks.ask_in(watched, random.uniform(0, min(rules.interval, FIRST)))
        self._remedies.await_end_of_probation(watched)
        return watched

    def _end_maintenance(self) -> None:
        """One that had an end ends by itself."""
        for watched in self.ward.watched.values():
            until = watched.record.maintenance
            if until and not watched.record.in_maintenance():
                with contextlib.suppress(KollaError):  # a full disk: it is over all the same
                    self._store.end_maintenance(watched.name, until)
                watched.record = dataclasses.replace(watched.record, maintenance=None)
                watched.memory.failures = 0
                self.ward.tell(watched)

"""Watches the containers that should run according to the state file."""

import contextlib
import dataclasses
import logging
import random
from collections.abc import Iterator

from kolla.actions.events import KINDS
from kolla.deployment import Deployment
from kolla.errors import KollaError
from kolla.health.rules import rules_for
from kolla.monitor import usage
from kolla.monitor.checks import Checks
from kolla.monitor.chores import Chores
from kolla.monitor.context import Context, clock, line
from kolla.monitor.engine import Engine
from kolla.monitor.loop import Loop
from kolla.monitor.remedies import Remedies
from kolla.monitor.watched import Watched, recall
from kolla.store.records import RUNNING, ActionOutcome, EventRecord, Generation, Record
from kolla.store.store import Store
from kolla.times import now

LOG = logging.getLogger(__name__)

#: Seconds between two looks at the state file.
RECORDS = 1
#: Seconds between two looks at all containers of the engine.
SWEEP = 30
#: Seconds between two writes of results.
WRITE = 5
#: Seconds between two looks whether readers see an old state.
PUBLISH = 10
#: The most seconds from the start of the monitor to the first check of a container.
FIRST = 10


class Watcher:
    """Watches one deployment. Its ``context`` is the view for others."""

    def __init__(self, deployment: Deployment, loop: Loop):
        self.context = Context(deployment, loop)
        self._store, self._journal = deployment.store, Journal(deployment.store)
        self._remedies = Remedies(self.context, self._done)
        self._checks = Checks(self.context, self._remedies, self._unable)
        self._engine = Engine(self.context, self._remedies, self._checks)
        self._usage = usage.Usage(self.context)
        self._chores = Chores(self.context)
        self._seen_change: int | None = None
        self._first = True
        #: Why the state file cannot be read; empty if it can.
        self._trouble = ""

    def start(self) -> None:
        every = self.context.loop.every
        every(RECORDS, self._look_at_records)
        every(RECORDS, self._end_maintenance)
        every(SWEEP, self._engine.sweep)
        every(usage.PAUSE, self._usage.look)
        every(WRITE, self.context.write)
        every(PUBLISH, self.context.publish)
        self._engine.start()

    def close(self) -> None:
        self._engine.stop()
        self._chores.close()
        self.context.close()

    def ended(self, timeout: float | None = None) -> bool:
        """Whether none of its tasks runs any more; after :meth:`close`. None: wait for that."""
        return self._chores.ended(timeout)

    def _unable(self, watched: Watched, error: Exception) -> None:
        self._engine.unable(watched, error)

    def _done(self, watched: Watched) -> None:
        """Look at a container after an action on it."""
        self._seen_change = None
        if self.context.has(watched):
            self._engine.look(watched.name)
            self._checks.ask_in(watched, 0.5)

    def _look_at_records(self) -> None:
        """Follow the changes that commands made, also if another file took the place.

        If the state file cannot be read, the monitor goes on watching, and tries again.
        """
        try:
            if self._trouble or self._store.replaced():
                self._store.reopen()
                self._journal, self._seen_change = Journal(self._store), None
                LOG.warning("the state file is read anew: it was replaced, or could not be read")
            self._read_records()
            self._trouble = ""
        except KollaError as error:
            if self._trouble != str(error):
                LOG.error("%s; what is watched stays so", error)
            self._trouble = str(error)

    def _read_records(self) -> None:
        """Follow the changes since the last time."""
        change = self._store.changed()
        if change == self._seen_change:
            return
        records = self.context.deployment.store.records()
        self._seen_change = change
        running = {
            name: record for name, record in records.items()
            if record.target == RUNNING and record.current is not None
        }
        for name in set(self.context.watched) - set(running):
            known = name in records and records[name].last_number > 0
            if known or not self._take_in(self.context.watched[name]):
                self._checks.forget(self.context.watched.pop(name))
        for record in running.values():
            try:
                self._follow(record)
            except Exception as error:  # the monitor goes on watching the others
                self._lose(record.name, line(error))
        taken_in = {name: watched.record for name, watched in self.context.watched.items()}
        self.context.announcements.rest(records | taken_in)
        self.context.tell_sets()
        self._first = False
        for event in self._journal.news():
            kind = KINDS.get(event.action, event.action)
            self.context.metrics.changed(kind, event.container, event.outcome, event.seconds or 0)

    def _take_in(self, watched: Watched) -> bool:
        """Let recovery restore, once, a container that the state file has lost.

        Returns whether to go on watching it meanwhile.
        """
        if not self.context.in_hands(watched.name):
            if watched.lost:
                return False
            watched.lost = True
            self._remedies.recover(watched.name, "the state file had lost it, and has it again")
        self._seen_change = None
        return True

    def _lose(self, name: str, why: str) -> None:
        """Stop watching a container whose record cannot be read; it is tried again."""
        self._seen_change = None
        if watched := self.context.watched.pop(name, None):
            self._checks.forget(watched)
        self.context.announcements.lost(name, f"what is on record of it cannot be read: {why}")

    def _follow(self, record: Record) -> None:
        watched = self.context.watched.get(record.name)
        generation = self._store.generation(record.name, record.current)
        if watched and watched.number == generation.number:
            if watched.memory.given_up and not record.failed and not watched.busy:
                # An operator has acted.
                watched.memory = recall(record, watched.number, watched.rules, clock())
            watched.record, watched.generation, watched.lost = record, generation, False
        else:
            watched = self._begin(record, generation, watched)
        self.context.tell(watched)

    def _begin(
        self, record: Record, generation: Generation, predecessor: Watched | None
    ) -> Watched:
        if predecessor:
            self._checks.forget(predecessor)
        elif record.name not in self.context.deployment.catalog.containers:
            LOG.warning(
                "%s is watched and not acted on: its plugin was installed since the monitor began;"
                " `systemctl reload kolla-monitor` takes it up", record.name,
            )
        spec = generation.snapshot
        rules = rules_for(spec, self.context.deployment.settings)
        memory = recall(record, generation.number, rules, clock())
        watched = Watched(
            record, generation, spec, rules, memory, since=now(),
            probation=self.context.deployment.settings.value("engine", "probation"),
            # The status that the last generation had is no news.
            told=memory.status if self._first else predecessor.told if predecessor else "",
        )
        self.context.watched[record.name] = watched
        self._engine.look(record.name)
        self._checks.ask_in(watched, random.uniform(0, min(rules.interval, FIRST)))
        self._remedies.await_end_of_probation(watched)
        self._chores.begin(watched)
        return watched

    def _end_maintenance(self) -> None:
        """End maintenances whose time is over."""
        for watched in self.context.watched.values():
            until = watched.record.maintenance
            if until and not watched.record.in_maintenance():
                with contextlib.suppress(KollaError):  # the disk is full: it is over all the same
                    self._store.end_maintenance(watched.name, until)
                watched.record = dataclasses.replace(watched.record, maintenance=None)
                watched.memory.failures = 0
                self.context.tell(watched)


class Journal:
    """Reads the new events of the journal; those from before the first reading are no news."""

    def __init__(self, store: Store):
        self._store = store
        self._next = 1 + max((event.id for event in store.events(1)), default=0)
        #: Events above ``_next`` that have been told while an older one was under way.
        self._told: set[int] = set()

    def news(self) -> Iterator[EventRecord]:
        """The actions that ended since the last time."""
        events = self._store.events_from(self._next)
        under_way = [event.id for event in events if event.outcome == ActionOutcome.BEGUN]
        for event in events:
            if event.outcome != ActionOutcome.BEGUN and event.id not in self._told:
                self._told.add(event.id)
                yield event
        latest = max((event.id for event in events), default=self._next - 1)
        self._next = min(under_way, default=latest + 1)
        self._told = {number for number in self._told if number >= self._next}

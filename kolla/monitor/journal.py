"""What commands have done, in whatever process, as the store's journal has it."""

from collections.abc import Iterator

from kolla.records import EventRecord
from kolla.store import Store


class Journal:
    """Reads on where it stopped; the past before the first reading is no news."""

    def __init__(self, store: Store):
        self._store = store
        self._next = 1 + max((event.id for event in store.events(1)), default=0)
        #: Above ``_next``, which have been told; something older was still under way.
        self._told: set[int] = set()

    def news(self) -> Iterator[EventRecord]:
        """Actions that have ended since the last time."""
        events = self._store.events_from(self._next)
        under_way = [event.id for event in events if event.outcome == "begun"]
        for event in events:
            if event.outcome != "begun" and event.id not in self._told:
                self._told.add(event.id)
                yield event
        latest = max((event.id for event in events), default=self._next - 1)
        self._next = min(under_way, default=latest + 1)
        self._told = {number for number in self._told if number >= self._next}

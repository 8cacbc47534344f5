"""What the labels on the engine tell when the state file does not know."""

from collections.abc import Mapping

from kolla.backends.base import ALWAYS, STOPPED, Observed
from kolla.spec import Spec
from kolla.store import Store

CAUSE = "found on the engine; the state file did not know it"


def adopt(store: Store, name: str, observed: Mapping[int, Observed]) -> bool:
    """Take in generations that only the engine knows; True if there were any.

    The newest one whose restart policy says that it was committed becomes current; an
    older one that was kept beside it stays a place to go back to. ``observed`` must have
    been inspected.
    """
    known = {generation.number for generation in store.generations(name)}
    found = {n: seen for n, seen in observed.items() if n not in known and _spec(seen)}
    for number in sorted(found):
        store.adopt(name, number, _spec(found[number]), CAUSE)
    committed = [n for n, seen in observed.items() if seen.restart in (ALWAYS, STOPPED)]
    newest = max(committed, default=0)
    current = store.container(name).current or 0
    if newest in found and newest > current:
        for number in sorted(n for n in found if n <= newest):
            store.commit(name, number)
        if observed[newest].restart == STOPPED:
            store.update(name, target="stopped")
    return bool(found)


def _spec(seen: Observed) -> Spec | None:
    try:
        return Spec.from_json(seen.labels["kolla.spec"])
    except (KeyError, TypeError, ValueError):
        return None

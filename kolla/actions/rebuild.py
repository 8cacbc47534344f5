"""What the labels on the engine tell when the state file does not know."""

from collections.abc import Collection, Mapping

from kolla.plans.plan import State
from kolla.plugin.backend import ALWAYS, STOPPED, Observed
from kolla.plugin.spec import Spec
from kolla.store.store import Store

CAUSE = "found on the engine; the state file did not know it"


def rebuild(deployment, state: State) -> bool:
    """Take in what only the engine knows of a container; True if there was anything.

    ``state`` must have been inspected. The names that protect images of generations that
    nobody knows any more are taken away first: later nothing would tell of them.
    """
    if not _unknown(state.generations, state.observed):
        return False
    known = {
        deployment.kept_reference(state.name, number)
        for number in (*state.generations, *state.observed)
    }
    kept = deployment.kept_reference(state.name, 0).removesuffix("0")
    for image in deployment.backend.images():
        if image.reference.startswith(kept) and image.reference not in known:
            deployment.backend.untag(image.reference)
    adopt(deployment.store, state.name, state.observed)
    return True


def adopt(store: Store, name: str, observed: Mapping[int, Observed]) -> bool:
    """Take in generations that only the engine knows; True if there were any.

    The newest one whose restart policy says that it was committed becomes current; an
    older one that was kept beside it stays a place to go back to; one that never was is
    given up. ``observed`` must have been inspected. It is one transaction: half of it would
    make what serves look as if it had never been committed.
    """
    found = _unknown({generation.number for generation in store.generations(name)}, observed)
    with store.transaction():
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
        store.abandon(name)
    return bool(found)


def _unknown(known: Collection[int], observed: Mapping[int, Observed]) -> dict[int, Observed]:
    return {n: seen for n, seen in observed.items() if n not in known and _spec(seen)}


def _spec(seen: Observed) -> Spec | None:
    try:
        return Spec.from_json(seen.labels["kolla.spec"])
    except (KeyError, TypeError, ValueError):
        return None

"""What the labels on the engine tell when the state file does not know."""

from collections.abc import Collection, Mapping
from typing import Any

from kolla.catalog import naming
from kolla.deployment import Deployment
from kolla.plans.plan import State
from kolla.plugin.reports import ALWAYS, STOPPED, Observed
from kolla.plugin.spec import Spec, labelled
from kolla.store.store import Store

CAUSE = "found on the engine; the state file did not know it"


def rebuild(deployment: Deployment, state: State) -> bool:
    """Take in what only the engine knows of a container; True if there was anything.

    ``state`` must have been inspected. The names that protect images of generations that
    nobody knows any more are taken away first: later nothing would tell of them.
    """
    if not _unknown(state.generations, state.observed):
        return False
    namespace = deployment.settings.value("images", "namespace")
    known = {
        naming.kept_reference(state.name, number, namespace)
        for number in (*state.generations, *state.observed)
    }
    kept = naming.kept_reference(state.name, 0, namespace).removesuffix("0")
    for image in deployment.backend.images():
        if image.reference.startswith(kept) and image.reference not in known:
            deployment.backend.untag(image.reference)
    release = deployment.settings.value("DEFAULT", "release")
    adopt(deployment.store, state.name, state.observed, release)
    return True


def adopt(
    store: Store, name: str, observed: Mapping[int, Observed], release: str = ""
) -> bool:
    """Take in generations that only the engine knows; True if there were any.

    The one that counts becomes current; an older one that once counted stays a place to go
    back to; one that never did is given up. It stays with what it was pinned to; if that is
    lost, with its release unless that is ``release``, the configured one. ``observed`` must have
    been inspected. It is one transaction: half of it would make what serves look as if it had
    never been committed.
    """
    found = _unknown({generation.number for generation in store.generations(name)}, observed)
    with store.transaction():
        for number in sorted(found):
            store.adopt(name, number, found[number], CAUSE)
        newest = _counts(observed)
        current = store.container(name).current or 0
        if newest in found and newest > current:
            for number in sorted(n for n in found if observed[n].committed and n < newest):
                store.commit(name, number)
            own = found[newest].release
            lost = {"release_pin": own if own != release else None}
            pins: dict[str, Any] = {**(store.pins.of(name) or lost)}
            store.commit(name, newest, **pins)
            if observed[newest].restart == STOPPED:
                store.update(name, target="stopped")
        store.abandon(name)
    return bool(found)


def _counts(observed: Mapping[int, Observed]) -> int | None:
    """The generation that counts, as far as the engine can tell; None if there is none.

    That is the newest one that the engine keeps. Where it keeps none, the monitor may have
    given the current one up, or a command was killed between two changes of a policy: then
    it is the newest that was committed, one that runs before others. Where nothing ever was,
    what runs is kept all the same.
    """
    signs = (
        lambda seen: seen.restart in (ALWAYS, STOPPED),
        lambda seen: seen.committed and seen.running,
        lambda seen: seen.running,
        lambda seen: seen.committed,
    )
    for sign in signs:
        if matching := [number for number, seen in observed.items() if sign(seen)]:
            return max(matching)
    return None


def _unknown(known: Collection[int], observed: Mapping[int, Observed]) -> dict[int, Spec]:
    """The specs of those that are not on record, by generation."""
    labels = {n: labelled(seen.labels) for n, seen in observed.items() if n not in known}
    return {n: spec for n, spec in labels.items() if spec}

"""Rebuilds lost records from the engine's labels."""

from collections.abc import Collection, Mapping
from typing import Any

from kolla.catalog import naming
from kolla.deployment import Deployment
from kolla.plans.plan import State
from kolla.plugin.reports import ALWAYS, STOPPED, Observed
from kolla.plugin.spec import Spec, labelled
from kolla.store.records import Target
from kolla.store.store import Store

CAUSE = "found on the engine; the state file did not know it"


def rebuild(deployment: Deployment, state: State) -> bool:
    """Record what only the engine knows of a container; True if there was anything.

    ``state`` must have been inspected. Before that the images of generations that neither the
    state file nor the engine knows lose the names that protect them: later nothing would show
    that they have such names.
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
    """Record generations that only the engine knows; True if there were any.

    ``observed`` must have been inspected. The newest that was committed becomes current; a
    rollback can go back to earlier ones; one that never was committed is not kept. The pins are
    those of the file beside the state file. If there are none, the container is pinned to the
    release that runs, unless that is ``release``, the configured one.

    It is one transaction: with half of it, what serves would look as if it had never been
    committed, and recovery would remove it.
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
                store.update(name, target=Target.STOPPED)
        store.abandon(name)
    return bool(found)


def _counts(observed: Mapping[int, Observed]) -> int | None:
    """The current generation, as far as the engine can tell; None if there is none.

    That is the newest one whose restart policy keeps it. If no policy does, the monitor has
    given the current one up, or a command was killed between two changes of a policy: then it
    is the newest that was committed, preferably one that runs. If none was ever committed, the
    newest that runs is kept all the same.
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
    """By generation: the specs of those that are not on record."""
    labels = {n: labelled(seen.labels) for n, seen in observed.items() if n not in known}
    return {n: spec for n, spec in labels.items() if spec}

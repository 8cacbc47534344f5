"""The state of containers: what is recorded, and what the engine has."""

import collections
from collections.abc import Iterable, Mapping

from kolla.deployment import Deployment
from kolla.plans.plan import Do, State
from kolla.plugin import Strategy
from kolla.plugin.reports import Observed, Stranger
from kolla.plugin.spec import labelled
from kolla.store.records import RUNNING, Generation
from kolla.store.store import Store


def observe(deployment: Deployment, names: Iterable[str]) -> dict[str, State]:
    """The state of each, with one call to the engine and without restart policies."""
    seen = collections.defaultdict(list)
    for item in deployment.backend.observe():
        seen[item.container].append(item)
    names = list(names)
    dependants = _dependants(deployment, names)
    return {name: _state(deployment, name, seen[name], dependants[name]) for name in names}


def inspect(deployment: Deployment, name: str) -> State:
    """The state of one, with restart policies."""
    listed = deployment.backend.observe(name)
    inspected = (deployment.backend.inspect(item.name) for item in listed)
    seen = [item for item in inspected if item]
    return _state(deployment, name, seen, _dependants(deployment, [name])[name])


def recorded(deployment: Deployment, name: str) -> State:
    """The state of one as far as it is on record; the engine is not asked."""
    return _state(deployment, name, [])


def strangers(deployment: Deployment) -> list[Stranger]:
    """Containers with labels of kolla that it leaves alone, and why."""
    return deployment.backend.strangers() + [
        Stranger(seen.name, "the state file does not know it, and its label cannot be read")
        for seen in deployment.backend.observe()
        if not seen.task and not deployment.store.find(seen.container, seen.generation)
        and labelled(seen.labels) is None
    ]


def _dependants(
    deployment: Deployment, names: Iterable[str]
) -> Mapping[str, list[tuple[str, int]]]:
    """By container: its :attr:`State.dependants`; containers without any are left out."""
    catalog, store = deployment.catalog, deployment.store
    found, asked = collections.defaultdict(list), set(names)
    can_wait = [
        name for name, container in catalog.containers.items()
        if container.hold and catalog.required(name) & asked
    ]
    # A dependant requires more than any container that it requires: it requires all that this
    # one does, and this one.
    for name in sorted(can_wait, key=lambda name: -len(catalog.required(name))):
        record = store.container(name)
        current = store.find(name, record.current)
        if current and record.target == RUNNING and current.snapshot.hold:
            for required in catalog.required(name) & asked:
                found[required].append((name, current.number))
    return found


def _state(
    deployment: Deployment, name: str, seen: list[Observed],
    dependants: Iterable[tuple[str, int]] = (),
) -> State:
    store = deployment.store
    record = store.container(name)
    generations = {generation.number: generation for generation in store.generations(name)}
    observed = {
        item.generation: item for item in seen
        if not item.task and (item.generation in generations or labelled(item.labels))
    }
    return State(
        record=record,
        generations=generations,
        observed=observed,
        tasks=tuple(item for item in seen if item.task),
        highest=max(record.last_number, store.numbers.highest(name)),
        keep=deployment.settings.value("engine", "keep_generations"),
        keep_history=deployment.settings.value("engine", "keep_history"),
        dependants=tuple(dependants),
        releases=deployment.catalog.release_order,
        drained=_drained(store, generations.get(record.current or 0)),
        in_use=_in_use(deployment, [
            generation for number, generation in generations.items()
            if number in observed and not observed[number].running
        ]),
    )


def _drained(store: Store, current: Generation | None) -> bool:
    """:attr:`State.drained`. What hands over drains only after it has been replaced."""
    if current is None:
        return False
    last = store.last_operation(current.container, current.number, Do.START, Do.DRAIN)
    # Reading a snapshot takes far longer than that question, so it comes second.
    return (
        last == Do.DRAIN and bool(current.snapshot.drain)
        and current.snapshot.strategy != Strategy.HANDOVER
    )


def _in_use(
    deployment: Deployment, ended: Iterable[Generation]
) -> dict[int, tuple[str, ...]]:
    """By generation that has ended: the processes that outlive it; left out if there are none."""
    found = {
        generation.number: deployment.instances.survivors(generation.snapshot, generation.number)
        for generation in ended
    }
    return {number: survivors for number, survivors in found.items() if survivors}

"""From a request to the plan of one container."""

import dataclasses

from kolla.catalog.leftovers import is_left_over
from kolla.deployment import Deployment
from kolla.errors import KollaError
from kolla.host import needs
from kolla.plans import consent, desired, keyrings, pins, places, planner, refusals
from kolla.plans.change import change, tasks_of
from kolla.plans.differences import compare
from kolla.plans.plan import Kind, Plan, State
from kolla.plans.requests import Request
from kolla.plans.rollbacks import rollback
from kolla.plugin import Container
from kolla.plugin.spec import Spec
from kolla.store.records import ABSENT, RUNNING, UNPINNED


def planned(
    deployment: Deployment, request: Request, container: Container, state: State
) -> Plan:
    """The plan for one container as things stand.

    Raises :class:`KollaError` if it is impossible, or more than the backend can do.
    """
    if container.name in request.judged and not _still(state, request.judged[container.name]):
        return state.plan(request.kind)
    steps = _planned(deployment, request, container, state)
    if request.kind is not Kind.RECOVER:  # of which as much is done as is possible here
        together = {container.name for container in request.containers}
        steps = places.possible(deployment, state, steps, together, request.prepared)
        refusals.require_secrets_of_last_tasks(deployment.settings, state, steps)
    consent.require(deployment, request, state, steps)
    if steps.spec:
        deployment.backend_of(steps.spec.backend).require(steps.spec)
        needs.require(steps.spec)
        refusals.require_ports(state, steps.spec)
        refusals.require_secrets(deployment.settings, steps.spec)
        keyrings.require_known(deployment, container, state, steps.spec)
        steps = dataclasses.replace(
            steps, reasons=(*steps.reasons, *_taken_out(deployment, steps.spec))
        )
    if not request.cause:
        return steps
    reasons = (request.cause, *steps.reasons)
    return dataclasses.replace(steps, reasons=reasons, evidence=request.evidence)


def _taken_out(deployment: Deployment, spec: Spec) -> list[str]:
    """A reason for each secret that the snapshot refers to and that is no longer set."""
    names = {name for text in spec.texts() for name in deployment.settings.taken_out(text)}
    return [f"without {name}, a secret that is no longer set" for name in sorted(names)]


def _still(state: State, judged: int) -> bool:
    """Whether the generation that the monitor judged is current, and not in maintenance."""
    record = state.record
    return (
        record.current == judged and record.target == RUNNING and not record.in_maintenance()
        and judged in state.observed
    )


def _planned(
    deployment: Deployment, request: Request, container: Container, state: State
) -> Plan:
    match request.kind:
        case Kind.START:
            return _start(deployment, request, container, state)
        case Kind.UPGRADE:
            return _upgrade(deployment, request, container, state)
        case Kind.ROLLBACK:
            return rollback(deployment, request, container, state)
        case Kind.CONFIRM:
            return _confirm(deployment, request, container, state)
        case Kind.STOP:
            return planner.stop(state)
        case Kind.RESTART:
            return planner.restart(state)
        case Kind.DELETE:
            return planner.delete(state, request.data, request.tasks)
        case Kind.REVIVE:
            return planner.revive(state)
        case Kind.GIVE_UP:
            return planner.give_up(state)
        case Kind.RECOVER:
            return planner.recover(state)
        case Kind.TASK:
            return _task(request, container, state)


def _start(
    deployment: Deployment, request: Request, container: Container, state: State
) -> Plan:
    if state.current is not None and state.record.target != ABSENT:
        steps = planner.start(state, None)
        if steps.operations and (known := state.generations.get(state.current)):
            refusals.require_ports(state, known.snapshot)
        return steps
    deployment.configuration.require_valid()
    _require_requirements(deployment, request, container)
    return planner.start(state, _desired(deployment, request, container, state))


def _require_requirements(
    deployment: Deployment, request: Request, container: Container
) -> None:
    """A first start needs each requirement running, unless the same command starts it."""
    here = {c.name for c in deployment.settings.enabled()}
    together = {c.name for c in request.containers}
    for name in sorted(set(container.requires) & here - together):
        if deployment.store.container(name).target != RUNNING:
            raise KollaError(
                f"{container.name} requires {name}, which is not running",
                f"`kolla container start {name}` first, or start their set",
            )


def _upgrade(
    deployment: Deployment, request: Request, container: Container, state: State
) -> Plan:
    if is_left_over(container):
        raise KollaError(
            f"{container.name} is left over: no plugin here says what it should be",
            f"install its plugin again, or `kolla container delete {container.name}`",
        )
    if state.current is None or state.record.target == ABSENT:
        steps = _start(deployment, request, container, state)
        return dataclasses.replace(steps, pins=pins.of_upgrade(request, steps.spec))
    if state.record.target != RUNNING:
        raise KollaError(
            f"{container.name} is stopped, and an upgrade needs it running",
            f"`kolla container start {container.name}` first",
        )
    spec = _desired(deployment, request, container, state)
    old = state.spec(state.current)
    rotated = _rotated(deployment, state, spec)
    changed = compare(old, spec)
    reasons = [*map(str, changed), *(f"secret: {name} changed" for name in sorted(rotated))]
    new_pins = pins.of_upgrade(request, spec)
    held = "" if new_pins else pins.held_back(deployment, container, state.record)
    if not reasons:
        return dataclasses.replace(planner.pin(state, new_pins), held=held)
    tasks = _schema_tasks(deployment, spec) if old.image_id != spec.image_id else ()
    tasks = tasks_of(spec, "verify") + tasks
    again = dict.fromkeys([*_changed_tasks(old, spec), *_tasks_using(deployment, spec, rotated)])
    tasks += tuple(("bootstrap", name) for name in again)
    steps = change(state, spec, Kind.UPGRADE, tuple(reasons), tasks, new_pins)
    return dataclasses.replace(steps, held=held, changes=tuple(changed))


def _schema_tasks(deployment: Deployment, spec: Spec) -> tuple[tuple[str, str], ...]:
    expand = tasks_of(spec, "expand")
    dump = deployment.settings.value("engine", "dump_before_upgrade")
    return (tasks_of(spec, "dump") if dump and expand else ()) + expand


def _confirm(
    deployment: Deployment, request: Request, container: Container, state: State
) -> Plan:
    if state.current is None or state.record.target == ABSENT:
        raise KollaError(
            f"{container.name} does not run, so there is nothing to confirm",
            f"`kolla container start {container.name}` first",
        )
    return planner.confirm(state)


def _task(request: Request, container: Container, state: State) -> Plan:
    name = container.name
    if state.current is None or state.record.target == ABSENT:
        raise KollaError(
            f"{name} does not exist, and its tasks are run from what it runs",
            f"`kolla container start {name}` first",
        )
    tasks = state.spec(state.current).tasks.get("on_demand", ())
    refusals.require_task(name, request.task, tasks)
    return planner.task(state, request.task)


def _rotated(deployment: Deployment, state: State, spec: Spec) -> set[str]:
    """Secrets whose value is not the one the current generation was made with."""
    old = state.generations[state.current].secrets if state.current is not None else {}
    new = deployment.fingerprints.of(spec)
    return {name for name in new if name in old and old[name] != new[name]}


def _changed_tasks(old: Spec, new: Spec) -> list[str]:
    """Bootstrap tasks that are new, or are not what they were."""
    before = {task.name: task for task in old.tasks.get("bootstrap", ())}
    return [
        task.name for task in new.tasks["bootstrap"] if task != before.get(task.name)
    ]


def _tasks_using(deployment: Deployment, spec: Spec, secrets: set[str]) -> list[str]:
    """Bootstrap tasks that get one of these secrets, and so have to apply it."""
    return [
        task.name for task in spec.tasks["bootstrap"]
        if any(secrets & set(deployment.settings.references(text))
               for text in task.environment.values())
    ]


def _desired(
    deployment: Deployment, request: Request, container: Container, state: State
) -> Spec:
    if request.follow:
        record = dataclasses.replace(state.record, **UNPINNED)
        state = dataclasses.replace(state, record=record)
    release = request.release if container.image.per_release else None
    return desired.spec(deployment, container, state, release, request.image, request.preview)

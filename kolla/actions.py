"""What an operator asks for, from the question to the report."""

import dataclasses
import threading
from collections.abc import Callable, Mapping

from kolla import desired
from kolla import plan as planner
from kolla.deployment import Deployment, Health
from kolla.errors import KollaError, UsageError
from kolla.graph import Graph
from kolla.plan import Plan, State
from kolla.plugin import Container
from kolla.runner import Result, Runner
from kolla.spec import describe_image, differences
from kolla.store import ABSENT, RUNNING, STOPPED, now

#: container, what happens, whether that was the last of it
Observer = Callable[[str, str, bool], None]


@dataclasses.dataclass(frozen=True)
class Request:
    """One command: what to do, and with which containers."""

    #: start, stop, restart, upgrade, rollback, confirm, delete or recover.
    kind: str
    containers: list[Container]
    release: str | None = None
    image: str | None = None
    #: By container: the generation to go back to, if not to the last known good.
    targets: Mapping[str, int] = dataclasses.field(default_factory=dict)
    #: Whether a failure takes those back that this request has already upgraded.
    rollback_on_failure: bool = False
    #: Whether ``delete`` takes the volumes as well.
    data: bool = False


@dataclasses.dataclass
class Report:
    """What became of each container, and what was planned for it."""

    results: list[Result]
    plans: dict[str, Plan]

    @property
    def ok(self) -> bool:
        return all(_succeeded(result) for result in self.results)


def _succeeded(result: Result) -> bool:
    return result.outcome in ("done", "unchanged")


def run(
    deployment: Deployment, request: Request, dry_run: bool = False,
    observer: Observer = lambda container, text, done: None,
) -> Report:
    """Plan for all containers, then carry the plans out.

    Raises :class:`KollaError` before anything is touched if any of it is impossible.
    """
    deployment.require_valid()
    states = deployment.gather([container.name for container in request.containers])
    plans = {c.name: planned(deployment, request, c, states[c.name]) for c in request.containers}
    if dry_run:
        return Report([], plans)
    runner = Runner(deployment, request, observer, threading.Event())
    results: dict[str, Result] = {}

    def work(name: str, ready: Callable[[], None]) -> bool:
        container = next(c for c in request.containers if c.name == name)
        results[name] = runner.run(container, plans[name], states[name], ready)
        observer(name, results[name].outcome, True)
        return _succeeded(results[name])

    graph = Graph(
        _needs(request), work, deployment.settings.value("engine", "parallel"),
        stop_at_failure=request.kind in ("upgrade", "rollback"),
    )
    for name in graph.run(runner.cancelled):
        results[name] = Result(name, "not begun", states[name].current, states[name].current)
    if request.rollback_on_failure and not all(_succeeded(result) for result in results.values()):
        _take_back(deployment, request, results, observer)
    return Report([results[c.name] for c in request.containers], plans)


def _take_back(deployment, request, results: dict[str, Result], observer: Observer) -> None:
    """Roll back what was upgraded before something else failed."""
    targets = {
        name: result.before for name, result in results.items()
        if result.outcome == "done" and result.before not in (None, result.after)
    }
    containers = [c for c in request.containers if c.name in targets]
    back = run(deployment, Request("rollback", containers, targets=targets), observer=observer)
    for result in back.results:
        outcome = "rolled back" if result.outcome == "done" else result.outcome
        results[result.container] = dataclasses.replace(
            result, outcome=outcome, before=results[result.container].before
        )


def _needs(request: Request) -> dict[str, set[str]]:
    names = {container.name for container in request.containers}
    needs = {c.name: set(c.requires) & names for c in request.containers}
    if request.kind not in ("stop", "delete", "rollback"):
        return needs
    return {name: {other for other in names if name in needs[other]} for name in needs}


def planned(
    deployment: Deployment, request: Request, container: Container, state: State
) -> Plan:
    """The plan for one container as things stand."""
    return _PLANNERS[request.kind](deployment, request, container, state)


def _start(deployment, request, container, state) -> Plan:
    if state.current is not None and state.record.target != ABSENT:
        return planner.start(state, None)
    _require_requirements(deployment, request, container)
    if not any(seen.running for seen in state.observed.values()):
        desired.require_ports(deployment, container)
    return planner.start(state, _desired(deployment, request, container, state))


def _require_requirements(deployment, request, container) -> None:
    """A first start needs what it requires; not if that starts in the same command."""
    here = {c.name for c in deployment.settings.enabled()}
    together = {c.name for c in request.containers}
    for name in sorted(set(container.requires) & here - together):
        if deployment.store.container(name).target != RUNNING:
            raise KollaError(
                f"{container.name} requires {name}, which is not running",
                f"`kolla container start {name}` first, or start their set",
            )


def _upgrade(deployment, request, container, state) -> Plan:
    if state.current is None or state.record.target == ABSENT:
        return _start(deployment, request, container, state)
    if state.record.target != RUNNING:
        raise KollaError(
            f"{container.name} is stopped, and an upgrade needs it running",
            f"`kolla container start {container.name}` first",
        )
    spec = _desired(deployment, request, container, state)
    old = state.spec(state.current)
    rotated = _rotated(deployment, state, spec)
    reasons = differences(old, spec) + [f"secret: {name} changed" for name in sorted(rotated)]
    if not reasons:
        return Plan(container.name, "upgrade", before=state.current, after=state.current)
    tasks = _schema_tasks(deployment, spec) if old.image_id != spec.image_id else ()
    tasks = planner.tasks_of(spec, "verify") + tasks
    tasks += _tasks_using(deployment, spec, rotated)
    return planner.change(state, spec, "upgrade", tuple(reasons), tasks, _pins(request, spec))


def _schema_tasks(deployment, spec) -> tuple[tuple[str, str], ...]:
    expand = planner.tasks_of(spec, "expand")
    dump = deployment.settings.value("engine", "dump_before_upgrade")
    return (planner.tasks_of(spec, "dump") if dump and expand else ()) + expand


def _confirm(deployment, request, container, state) -> Plan:
    if state.current is None or state.record.target == ABSENT:
        raise KollaError(
            f"{container.name} does not run, so there is nothing to confirm",
            f"`kolla container start {container.name}` first",
        )
    return planner.confirm(state)


def _rotated(deployment, state: State, spec) -> set[str]:
    """Secrets whose value is not the one the current generation was made with."""
    old = state.generations[state.current].secrets
    new = deployment.fingerprints(spec)
    return {name for name in new if name in old and old[name] != new[name]}


def _tasks_using(deployment, spec, secrets: set[str]) -> tuple[tuple[str, str], ...]:
    """Bootstrap tasks that are given one of these secrets, and so have to apply it."""
    return tuple(
        ("bootstrap", task["name"]) for task in spec.tasks["bootstrap"]
        if any(secrets & set(deployment.settings.references(text))
               for text in task["environment"].values())
    )


def _desired(deployment, request, container, state):
    spec = desired.spec(deployment, container, state, request.release, request.image)
    deployment.require_valid(container, deployment.options_of(spec.image_id, container))
    return spec


def _pins(request: Request, spec) -> dict[str, str | None]:
    if request.image:
        return {"image_pin": request.image, "release_pin": spec.release or None}
    if request.release and spec.release:
        return {"image_pin": None, "release_pin": request.release}
    return {}


def _rollback(deployment, request, container, state) -> Plan:
    if state.current is None or state.record.target != RUNNING:
        raise KollaError(
            f"{container.name} is not running, so there is nothing to roll back",
            f"`kolla container start {container.name}` first",
        )
    number = request.targets.get(container.name)
    number = number or planner.last_known_good(state, _survivor(deployment))
    if number is None and len(request.containers) > 1:
        return Plan(container.name, "rollback", before=state.current, after=state.current)
    if number is None:
        raise KollaError(
            f"{container.name} has no earlier good generation that differs from this one",
            f"`kolla container history {container.name}` shows all; --to names one",
        )
    generation = state.generations.get(number)
    if generation is None:
        raise UsageError(
            f"{container.name} has no generation {number}",
            f"`kolla container history {container.name}` shows all",
        )
    if number == state.current:
        return Plan(container.name, "rollback", before=number, after=number)
    if not generation.committed or not generation.kept:
        raise KollaError(
            f"generation {number} of {container.name} was {generation.outcome}"
            f" and cannot come back: {generation.reason or 'its image is no longer kept'}",
            f"`kolla container history {container.name}` shows those that can",
        )
    spec = generation.snapshot
    desired.refuse_downgrade(container, state.spec(state.current), spec)
    pins = {"image_pin": spec.image_id, "release_pin": spec.release or None}
    reason = f"back to generation {number}: {describe_image(spec)}"
    return planner.change(state, spec, "rollback", (reason,), pins=pins)


def _survivor(deployment) -> Callable:
    """Whether a generation was current for longer than the probation."""
    from datetime import datetime

    probation = deployment.settings.value("engine", "probation")

    def survived(generation) -> bool:
        ended = datetime.fromisoformat(generation.ended or now())
        lasted = ended - datetime.fromisoformat(generation.committed)
        return lasted.total_seconds() >= probation

    return survived


def plan(deployment: Deployment, containers: list[Container]) -> dict[str, Plan]:
    """What an upgrade of each would do now, without a release named, and why.

    One that is stopped stays so; one that cannot be planned says so in ``blocked``.
    """
    deployment.require_valid()
    states = deployment.gather([container.name for container in containers])
    return {c.name: _preview(deployment, c, states[c.name]) for c in containers}


def _preview(deployment: Deployment, container: Container, state: State) -> Plan:
    if state.record.target == STOPPED:
        return Plan(container.name, "upgrade", before=state.current, after=state.current)
    if not planner.settled(state) and state.current is not None:
        state = deployment.inspect(container.name)
        return planner.recover(state)
    try:
        return planned(deployment, Request("upgrade", [container]), container, state)
    except KollaError as error:
        return Plan(container.name, "upgrade", blocked=str(error))


_PLANNERS = {
    "start": _start,
    "upgrade": _upgrade,
    "rollback": _rollback,
    "confirm": _confirm,
    "stop": lambda deployment, request, container, state: planner.stop(state),
    "restart": lambda deployment, request, container, state: planner.restart(state),
    "delete": lambda deployment, request, container, state: planner.delete(state, request.data),
    "recover": lambda deployment, request, container, state: planner.recover(state),
}


def check(deployment: Deployment, containers: list[Container]) -> list[Health]:
    """Ask each container's check now, and remember the answers."""
    from concurrent.futures import ThreadPoolExecutor

    states = deployment.gather([container.name for container in containers])
    with ThreadPoolExecutor(deployment.settings.value("engine", "parallel")) as pool:
        return list(pool.map(lambda c: _check(deployment, states[c.name]), containers))


def _check(deployment: Deployment, state: State) -> Health:
    number, at = state.current, now()
    if number is None or state.record.target == ABSENT:
        return Health(state.name, None, "absent", "never started", at)
    seen = state.observed.get(number)
    if seen is None or not seen.running:
        wanted = state.record.target == RUNNING
        status = "unhealthy" if wanted else "stopped"
        detail = f"the engine says {seen.status if seen else 'that it is gone'}" if wanted else ""
        health = Health(state.name, number, status, detail, at)
    else:
        asked = state.spec(number).check
        outcome = deployment.backend.execute(
            seen.name, tuple(asked["command"]), asked["timeout"]
        )
        status = "healthy" if outcome.exit_code == 0 else "unhealthy"
        health = Health(state.name, number, status, outcome.output, at)
    deployment.store.update(
        state.name, health=health.status, health_detail=health.detail, health_at=at
    )
    return health

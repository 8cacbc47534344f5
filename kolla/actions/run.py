"""What an operator asks for, from the question to the report."""

import dataclasses
import threading
from collections.abc import Callable

from kolla.actions.runner import Observer, Result, Runner
from kolla.catalog.catalog import Catalog
from kolla.catalog.leftovers import is_left_over
from kolla.deployment import Deployment
from kolla.errors import KollaError
from kolla.parallel import Graph
from kolla.plans import converge, planner
from kolla.plans.observe import inspect, observe
from kolla.plans.plan import Kind, Plan, State
from kolla.plans.requests import Request, planned
from kolla.plugin import Container
from kolla.store.records import STOPPED, ActionOutcome


SUCCESSES = (ActionOutcome.DONE, ActionOutcome.UNCHANGED, ActionOutcome.PINNED)


@dataclasses.dataclass
class Report:
    """What became of each container, and what was planned for it."""

    results: list[Result]
    plans: dict[str, Plan]

    @property
    def ok(self) -> bool:
        return all(_succeeded(result) for result in self.results)


def _succeeded(result: Result) -> bool:
    return result.outcome in SUCCESSES


def run(
    deployment: Deployment, request: Request, dry_run: bool = False,
    observer: Observer = lambda container, text, done: None,
) -> Report:
    """Plan for all containers, then carry the plans out.

    Raises :class:`KollaError` before anything is touched if any of it is impossible.
    """
    if request.kind == Kind.UPGRADE:
        deployment.require_valid()
    request = dataclasses.replace(request, preview=dry_run)
    states = observe(deployment, [container.name for container in request.containers])
    plans = _plans(deployment, request, states)
    if dry_run:
        return Report([], plans)
    deployment.keep_settings()
    runner = Runner(deployment, request, observer, threading.Event())
    results: dict[str, Result] = {}

    def work(name: str, ready: Callable[[], None]) -> bool:
        container = next(c for c in request.containers if c.name == name)
        results[name] = runner.run(container, plans[name], states[name], ready)
        observer(name, results[name].outcome, True)
        return _succeeded(results[name])

    graph = Graph(
        _needs(deployment.catalog, request), work, deployment.settings.value("engine", "parallel"),
        stop_at_failure=request.kind in (Kind.UPGRADE, Kind.ROLLBACK),
    )
    for name in graph.run(runner.cancelled):
        current = states[name].current
        results[name] = Result(name, ActionOutcome.NOT_BEGUN, current, current)
    if request.rollback_on_failure and not all(_succeeded(result) for result in results.values()):
        _take_back(deployment, request, results, observer)
    return Report([results[c.name] for c in request.containers], plans)


def _plans(
    deployment: Deployment, request: Request, states: dict[str, State]
) -> dict[str, Plan]:
    """The plan for each container. KollaError names all of those for which there is none."""
    plans: dict[str, Plan] = {}
    refusals: dict[str, KollaError] = {}
    for container in request.containers:
        name = container.name
        try:
            plans[name] = planned(deployment, request, container, states[name])
        except KollaError as error:
            refusals[error.message] = error
    if not refusals:
        return plans
    first, *others = refusals.values()
    if not others:
        raise first
    hints = dict.fromkeys(error.hint for error in refusals.values() if error.hint)
    raise KollaError("\n".join(refusals), "\n".join(hints))


def _take_back(
    deployment: Deployment, request: Request, results: dict[str, Result], observer: Observer
) -> None:
    """Roll back what was upgraded before something else failed, as far as that can go back."""
    targets = {
        name: result.before for name, result in results.items()
        if result.before not in (None, result.after)
    }
    back = Request(Kind.ROLLBACK, [c for c in request.containers if c.name in targets],
                   targets=targets)
    stays = _refusals(deployment, back)
    for name, reason in stays.items():
        results[name] = dataclasses.replace(results[name], reason=reason)
    can = [container for container in back.containers if container.name not in stays]
    report = run(deployment, dataclasses.replace(back, containers=can), observer=observer)
    for result in report.results:
        results[result.container] = _taken_back(results[result.container], result)


def _refusals(deployment: Deployment, request: Request) -> dict[str, str]:
    """By container: why it cannot be done with it."""
    found = {}
    for container in request.containers:
        try:
            planned(deployment, request, container, inspect(deployment, container.name))
        except KollaError as error:
            found[container.name] = str(error)
    return found


def _taken_back(result: Result, back: Result) -> Result:
    """The story of a container that was upgraded and then rolled back, or was to be."""
    if back.outcome != ActionOutcome.DONE:
        return dataclasses.replace(back, before=result.before)
    if result.outcome == ActionOutcome.FAILED:
        reason = f"{result.reason}; rolled back"
        return dataclasses.replace(result, after=back.after, reason=reason)
    return dataclasses.replace(back, outcome=ActionOutcome.ROLLED_BACK, before=result.before)


def _needs(catalog: Catalog, request: Request) -> dict[str, set[str]]:
    """What each waits for, be it for the sake of one that was not named."""
    names = {container.name for container in request.containers}
    needs = {c.name: catalog.required(c.name) & names for c in request.containers}
    if request.kind not in (Kind.STOP, Kind.DELETE, Kind.ROLLBACK):
        return needs
    return {name: {other for other in names if name in needs[other]} for name in needs}


def plan(deployment: Deployment, containers: list[Container]) -> dict[str, Plan]:
    """What an upgrade of each would do now, without a release named, and why.

    One that is stopped stays so; one that cannot be planned says so in ``blocked``.
    """
    deployment.require_valid()
    states = observe(deployment, [container.name for container in containers])
    here = {container.name for container in deployment.settings.enabled()}
    return {
        c.name: _preview(deployment, c, states[c.name]) if c.name in here
        else _stays(c, states[c.name]) for c in containers
    }


def _stays(container: Container, state: State) -> Plan:
    """Of what is left over: no configuration says what it should be."""
    why = "its plugin is not installed" if is_left_over(container) else (
        "it is not enabled on this host any more"
    )
    held = f"left over: {why}; `kolla container delete {container.name}` removes it"
    return Plan(
        container.name, Kind.UPGRADE, before=state.current, after=state.current, held=held
    )


def _preview(deployment: Deployment, container: Container, state: State) -> Plan:
    if state.record.target == STOPPED:
        return Plan(container.name, Kind.UPGRADE, before=state.current, after=state.current)
    if not converge.settled(state) and state.current is not None:
        state = inspect(deployment, container.name)
        return planner.recover(state)
    request = Request(Kind.UPGRADE, [container], preview=True)
    try:
        return planned(deployment, request, container, state)
    except KollaError as error:
        return Plan(container.name, Kind.UPGRADE, blocked=str(error))

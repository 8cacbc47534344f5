"""A request, from its plans to its report."""

import dataclasses
import threading
from collections.abc import Callable

from kolla.actions.result import Result
from kolla.actions.runner import Observer, Runner
from kolla.catalog.leftovers import is_left_over
from kolla.deployment import Deployment
from kolla.errors import KollaError
from kolla.parallel import Graph
from kolla.plans import converge, order, planner
from kolla.plans.observe import inspect, observe
from kolla.plans.plan import Kind, Plan, State
from kolla.plans.planning import planned
from kolla.plans.requests import Request
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

    Raises :class:`KollaError`, before anything is touched, if any of the plans is impossible.
    """
    if request.kind == Kind.UPGRADE:
        deployment.configuration.require_valid()
    request = dataclasses.replace(request, preview=dry_run)
    states = observe(deployment, [container.name for container in request.containers])
    plans = _plans(deployment, request, states)
    before = order.turns(
        deployment.catalog, request.kind, set(plans), order.go_back(deployment, plans)
    )
    if dry_run:
        return Report([], order.in_turn(plans, before))
    deployment.configuration.keep(deployment.state_dir)
    runner = Runner(deployment, request, observer, threading.Event())
    results: dict[str, Result] = {}

    def work(name: str, ready: Callable[[], None]) -> bool:
        container = next(c for c in request.containers if c.name == name)
        results[name] = runner.run(container, plans[name], states[name], ready)
        observer(name, results[name].outcome, True)
        return _succeeded(results[name])

    graph = Graph(
        before, work, deployment.settings.value("engine", "parallel"),
        stop_at_failure=request.kind in order.MOVES,
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
    plans, refusals = _planned(deployment, request, states)
    if not refusals:
        return plans
    first, *others = {error.message: error for error in refusals.values()}.values()
    if not others:
        raise first
    messages = dict.fromkeys(error.message for error in refusals.values())
    hints = dict.fromkeys(error.hint for error in refusals.values() if error.hint)
    raise KollaError("\n".join(messages), "\n".join(hints))


def _planned(
    deployment: Deployment, request: Request, states: dict[str, State]
) -> tuple[dict[str, Plan], dict[str, KollaError]]:
    """By container: its plan, or else why there is none."""
    plans: dict[str, Plan] = {}
    refusals: dict[str, KollaError] = {}
    for container in request.containers:
        name = container.name
        try:
            plans[name] = planned(deployment, request, container, states[name])
        except KollaError as error:
            refusals[name] = error
    while disorder := order.refusals(deployment, plans):
        refusals |= disorder
        plans = {name: plan for name, plan in plans.items() if name not in disorder}
    return plans, refusals


def _take_back(
    deployment: Deployment, request: Request, results: dict[str, Result], observer: Observer
) -> None:
    """Roll back what was upgraded before something else failed, as far as that can go back."""
    targets = {
        name: result.before for name, result in results.items()
        if result.before not in (None, result.after)
    }
    back = Request(Kind.ROLLBACK, [c for c in request.containers if c.name in targets],
                   targets=targets, force=True)
    states = {name: inspect(deployment, name) for name in targets}
    _, stays = _planned(deployment, back, states)
    for name, error in stays.items():
        results[name] = dataclasses.replace(results[name], reason=str(error))
    can = [container for container in back.containers if container.name not in stays]
    report = run(deployment, dataclasses.replace(back, containers=can), observer=observer)
    for result in report.results:
        results[result.container] = _taken_back(results[result.container], result)


def _taken_back(result: Result, back: Result) -> Result:
    """The result of a container that was upgraded and then rolled back, or could not be."""
    if back.outcome != ActionOutcome.DONE:
        return dataclasses.replace(back, before=result.before)
    if result.outcome == ActionOutcome.FAILED:
        reason = f"{result.reason}; rolled back"
        return dataclasses.replace(result, after=back.after, reason=reason)
    return dataclasses.replace(back, outcome=ActionOutcome.ROLLED_BACK, before=result.before)


def plan(deployment: Deployment, containers: list[Container]) -> dict[str, Plan]:
    """What an upgrade of each would do now, without a release named, and why.

    One that is stopped stays so; one that cannot be planned says so in ``blocked``.
    """
    deployment.configuration.require_valid()
    states = observe(deployment, [container.name for container in containers])
    here = {container.name for container in deployment.settings.enabled()}
    plans = {
        c.name: _preview(deployment, c, states[c.name], containers) if c.name in here
        else _stays(c, states[c.name]) for c in containers
    }
    while disorder := order.refusals(deployment, plans):
        for name, why in disorder.items():
            plans[name] = Plan(name, Kind.UPGRADE, blocked=str(why))
    return order.in_turn(plans, order.turns(deployment.catalog, Kind.UPGRADE, set(plans)))


def _stays(container: Container, state: State) -> Plan:
    """The empty plan of a container that is left over: no configuration says what it should be."""
    why = "its plugin is not installed" if is_left_over(container) else (
        "it is not enabled on this host any more"
    )
    held = f"left over: {why}; `kolla container delete {container.name}` removes it"
    return state.plan(Kind.UPGRADE, held=held)


def _preview(
    deployment: Deployment, container: Container, state: State, together: list[Container]
) -> Plan:
    if state.record.target == STOPPED:
        return state.plan(Kind.UPGRADE)
    if not converge.settled(state) and state.current is not None:
        state = inspect(deployment, container.name)
        return planner.recover(state)
    request = Request(Kind.UPGRADE, together, preview=True)
    try:
        return planned(deployment, request, container, state)
    except KollaError as error:
        return Plan(container.name, Kind.UPGRADE, blocked=str(error))

"""Which generation a rollback goes back to, and whether it can."""

from collections.abc import Callable
from datetime import datetime

from kolla.deployment import Deployment
from kolla.errors import KollaError
from kolla.plans import pins, planner, refusals
from kolla.plans.change import change
from kolla.plans.plan import Kind, Plan, State
from kolla.plans.requests import Request
from kolla.plugin import Container
from kolla.plugin.spec import describe_image
from kolla.store.records import RUNNING, Generation
from kolla.times import now


def rollback(
    deployment: Deployment, request: Request, container: Container, state: State
) -> Plan:
    """The plan of a rollback; KollaError if there is nothing to go back to, or no way."""
    if state.current is None or state.record.target != RUNNING:
        raise KollaError(
            f"{container.name} is not running, so there is nothing to roll back",
            refusals.way_to_run(deployment, container, state),
        )
    number = request.targets.get(container.name)
    number = number or last_known_good(deployment, state)
    if number is None and len(request.containers) > 1:
        return state.plan(Kind.ROLLBACK)
    if number is None:
        raise KollaError(
            f"{container.name} has no earlier good generation that differs from this one",
            f"`kolla container history {container.name}` shows all; --to names one",
        )
    if number == state.current:
        return state.plan(Kind.ROLLBACK)
    spec = _kept(container, state, number).snapshot
    refusals.refuse_downgrade(container, state.spec(state.current).version, spec.version)
    if deployment.backend.image(spec.image_id) is None:
        raise KollaError(
            f"the image of generation {number} of {container.name}, {describe_image(spec)},"
            " is no longer on the engine: `docker system prune -a` takes even images with a name",
            f"build or load it again, then `kolla container upgrade {container.name}"
            f" --image {spec.image}`",
        )
    reason = f"back to generation {number}: {describe_image(spec)}"
    new_pins = pins.of_rollback(state, number)
    return change(state, spec, Kind.ROLLBACK, (reason,), pins=new_pins)


def _kept(container: Container, state: State, number: int) -> Generation:
    """The generation of a number; KollaError if it cannot come back."""
    generation = state.generations.get(number)
    if generation is None:
        raise refusals.no_generation(container.name, number, state.highest)
    if not generation.committed or not generation.kept:
        raise KollaError(
            f"generation {number} of {container.name} was {generation.outcome}"
            f" and cannot come back: {generation.reason or 'its image is no longer kept'}",
            f"`kolla container history {container.name}` shows those that can",
        )
    return generation


def last_known_good(deployment: Deployment, state: State) -> int | None:
    """The generation that a rollback goes to by itself; None if there is none."""
    return planner.last_known_good(state, _survivor(deployment))


def _survivor(deployment: Deployment) -> Callable[[Generation], bool]:
    """A function that tells whether a generation was current for at least its probation."""
    probation = deployment.settings.value("engine", "probation")

    def survived(generation: Generation) -> bool:
        ended = datetime.fromisoformat(generation.ended or now())
        lasted = ended - datetime.fromisoformat(generation.committed or now())
        return lasted.total_seconds() >= float(probation)

    return survived

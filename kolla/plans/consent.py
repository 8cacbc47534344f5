"""Asks a container whether it may stop now, before anything is touched."""

from kolla.backends.instances import engine_name
from kolla.deployment import Deployment
from kolla.errors import KollaError
from kolla.plans.plan import Do, Kind, Plan, State
from kolla.plans.requests import Request
from kolla.plugin.spec import Spec

#: The actions of an operator that stop a container, if only for a moment.
ASKED = (Kind.STOP, Kind.RESTART, Kind.UPGRADE, Kind.ROLLBACK, Kind.DELETE)
#: Seconds that its answer may take.
ANSWERS = 30
#: Lines of its answer that the message quotes.
LINES = 5


def require(deployment: Deployment, request: Request, state: State, steps: Plan) -> None:
    """Raise :class:`KollaError` with the container's words if it forbids the action."""
    number = state.current
    if request.force or request.cause or request.kind not in ASKED:
        return
    if number is None or not state.running(number) or not _stops(steps, number):
        return
    spec = state.spec(number)
    if spec.may_stop and (why := _objection(deployment, request.kind, spec, number)):
        raise KollaError(
            f"{state.name} forbids its {request.kind}: {why}", "--force does it all the same"
        )


def _stops(steps: Plan, number: int) -> bool:
    return any(
        step.kind is Do.STOP and (step.container, step.generation) == (steps.container, number)
        for step in steps.operations
    )


def _objection(deployment: Deployment, kind: Kind, spec: Spec, number: int) -> str:
    backend, command = deployment.backend_of(spec.backend), (*spec.may_stop, str(kind))
    try:
        outcome = backend.execute(engine_name(spec.container, number), command, ANSWERS)
    except KollaError as error:
        return f"it cannot be asked: {error.message}"
    if outcome.exit_code == 0:
        return ""
    said = deployment.hide(outcome.output).strip().splitlines()[:LINES]
    return "; ".join(said) or f"`{' '.join(command)}` ends with exit code {outcome.exit_code}"

"""What the containers' own checks say."""

import dataclasses
from concurrent.futures import ThreadPoolExecutor

from kolla.deployment import Deployment
from kolla.plan import State
from kolla.plugin import Container
from kolla.records import ABSENT, RUNNING, now


@dataclasses.dataclass(frozen=True)
class Health:
    """What a container's check said."""

    container: str
    generation: int | None
    #: healthy, unhealthy, stopped, absent.
    status: str
    detail: str
    #: UTC, ISO 8601.
    at: str


def check(deployment: Deployment, containers: list[Container]) -> list[Health]:
    """Ask each container's check now, and remember the answers."""
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

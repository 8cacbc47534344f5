"""Asks the containers' own checks, or reads what the monitor recorded of them."""

import contextlib
import dataclasses
from concurrent.futures import ThreadPoolExecutor

from kolla.deployment import Deployment
from kolla.errors import KollaError
from kolla.health import conditions
from kolla.health.conditions import MAINTENANCE, PAUSED, UNKNOWN
from kolla.health.rules import check_of, rules_for, status_of
from kolla.plans.observe import observe
from kolla.plans.plan import State
from kolla.plugin import Container
from kolla.plugin.reports import BackendError, Unreachable
from kolla.plugin.spec import Spec
from kolla.store.records import ABSENT, RUNNING, Record
from kolla.times import age, now

#: Seconds by which the monitor may be late and may take to record a result.
LATE = 20


@dataclasses.dataclass(frozen=True)
class Health:
    """The answer of a container's check."""

    container: str
    generation: int | None
    #: One of :data:`kolla.health.conditions.STATUSES`.
    status: str
    detail: str
    #: UTC, ISO 8601.
    at: str | None


def last_round(deployment: Deployment, containers: list[Container]) -> list[Health]:
    """The monitor's last results, read from the state file; no check runs."""
    return [_remembered(deployment, deployment.store.container(c.name)) for c in containers]


def _remembered(deployment: Deployment, record: Record) -> Health:
    name, number = record.name, record.serving
    if number is None or record.target != RUNNING:
        return Health(name, number, record.target, "", record.health_at)
    spec = deployment.store.generation(name, number).snapshot
    patience = rules_for(spec, deployment.settings).patience + LATE
    status, detail = record.health, record.health_detail
    if record.health_at is None or age(record.health_at) > patience:
        status = UNKNOWN
        detail = "not checked lately: is kolla-monitor running?"
    if record.in_maintenance():
        status, detail = MAINTENANCE, f"until {record.maintenance}"
    return Health(name, number, status, detail, record.health_at)


def check(deployment: Deployment, containers: list[Container]) -> list[Health]:
    """Run each container's check now, and record the answers."""
    states = observe(deployment, [container.name for container in containers])
    with ThreadPoolExecutor(deployment.settings.value("engine", "parallel")) as pool:
        return list(pool.map(lambda c: _check(deployment, states[c.name]), containers))


def _check(deployment: Deployment, state: State) -> Health:
    number, at = state.current, now()
    if number is None or state.record.target == ABSENT:
        return Health(state.name, None, conditions.ABSENT, "never started", at)
    seen = state.observed.get(number)
    if seen is None or not seen.running:
        wanted = state.record.target == RUNNING
        status = conditions.UNHEALTHY if wanted else conditions.STOPPED
        detail = f"the engine says {seen.status if seen else 'that it is gone'}" if wanted else ""
        health = Health(state.name, number, status, detail, at)
    elif seen.status == PAUSED:
        health = Health(state.name, number, PAUSED, "", at)
    else:
        health = Health(state.name, number, *_ask(deployment, seen.name, state.spec(number)), at)
    with contextlib.suppress(KollaError):  # the disk is full: the answer counts without a record
        deployment.store.update(
            state.name, health=health.status, health_detail=health.detail, health_at=at
        )
    return health


def _ask(deployment: Deployment, name: str, spec: Spec) -> tuple[str, str]:
    """The status and the detail; *unknown* while the engine cannot be reached."""
    found = check_of(spec, deployment.settings)
    try:
        outcome = deployment.backend.execute(name, found.command, found.timeout)
    except Unreachable:
        raise
    except BackendError as error:
        return UNKNOWN, error.message
    said = deployment.hide(outcome.output)
    return status_of(outcome.exit_code), said

"""What matters to an operator now: what is not well, what happened, what waits."""

import dataclasses
import datetime
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from kolla.cli.status import pin_of, statuses
from kolla.errors import KollaError
from kolla.store.records import RUNNING

if TYPE_CHECKING:
    from kolla.cli.status import Status
    from kolla.deployment import Deployment
    from kolla.health.asking import Health
    from kolla.host.findings import Finding
    from kolla.plugin.reports import Usage
    from kolla.store.records import Generation

#: Hours for which an event is worth a word.
LATELY = 24
#: How many events are told at most, the newest.
EVENTS = 5
#: The share of a limit that is worth a word.
NEAR = 0.9


@dataclasses.dataclass(frozen=True)
class Matter:
    """One thing to know, and the command that deals with it."""

    #: ``configuration``, ``health``, ``event``, ``pin``, ``unconfirmed``, ``drift``,
    #: ``certificate``, ``disk``, ``images``, ``limit``, ``engine`` or ``left over``.
    topic: str
    #: A container, a disk or a file.
    subject: str
    #: How it is: a health, an outcome, ``warning`` or ``missing``.
    state: str
    text: str
    command: str = ""
    #: UTC, ISO 8601.
    at: str | None = None


def healths(deployment: "Deployment") -> "list[Health]":
    """The last known health of every container that is enabled here or exists."""
    from kolla.health import asking

    catalog = deployment.catalog.containers
    known = [name for name in statuses(deployment) if name in catalog]
    return asking.last_round(deployment, [catalog[name] for name in known])


def configuration(deployment: "Deployment") -> Iterator[Matter]:
    """Each problem of today's configuration, with its place."""
    if invalid := deployment.configuration.invalid:
        for problem in invalid.problems:
            place = f"{problem.file}:{problem.line}" if problem.line else problem.file
            yield Matter("configuration", place, "broken", problem.message,
                         "kolla config validate")


def not_well(found: "list[Health]") -> Iterator[Matter]:
    for one in found:
        if one.status != "healthy":
            yield Matter(
                "health", one.container, one.status, (one.detail.splitlines() or [""])[0],
                f"kolla container show {one.container}", one.at,
            )


def lately(deployment: "Deployment") -> Iterator[Matter]:
    after = datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=LATELY)
    for event in deployment.store.events(EVENTS, after=after.isoformat()):
        number = f" -> generation {event.generation}" if event.generation else ""
        detail = (event.detail.splitlines() or [""])[0] if event.outcome != "done" else ""
        text = f"{event.action} by {event.who}{number}" + (f": {detail}" if detail else "")
        yield Matter("event", event.container, event.outcome, text, "kolla event list", event.at)


def waiting(deployment: "Deployment") -> Iterator[Matter]:
    """What an operator should do or decide; the engine is not asked."""
    known = list(statuses(deployment).values())
    yield from _pins(deployment, known)
    yield from _unconfirmed(deployment, known)
    yield from _left_over(known)
    yield from _of_host(deployment)


def _pins(deployment: "Deployment", known: "list[Status]") -> Iterator[Matter]:
    for status in known:
        if status.pin:
            way = (f"kolla container upgrade {status.name} --follow-config"
                   if _can_follow(deployment, status) else f"kolla plan {status.name}")
            yield Matter("pin", status.name, "pinned", pin_of(status.record), way,
                         status.record.pinned_at)


def _can_follow(deployment: "Deployment", status: "Status") -> bool:
    """Whether nothing but its pin keeps it from following the configuration."""
    from kolla.plans import pins

    return status.container is not None and (
        pins.obstacle(deployment, status.container, status.record) is None
    )


def _unconfirmed(deployment: "Deployment", known: "list[Status]") -> Iterator[Matter]:
    """Upgrades of a schema whose clean-up waits for an operator."""
    for status in known:
        current = status.generation
        if current is None or current.confirmed or not current.snapshot.tasks.get("contract"):
            continue
        release = current.snapshot.release
        earlier = [
            generation for generation in deployment.store.generations(status.name)
            if generation.committed and generation.number < current.number
        ]
        settled = any(one.confirmed for one in earlier if one.snapshot.release == release)
        others = [one for one in earlier if one.snapshot.release != release]
        if others and not settled and not current.cause.startswith("rollback"):
            yield Matter(
                "unconfirmed", status.name, "warning",
                f"generation {current.number} ({release}) may still go back",
                f"kolla container confirm {status.name}", current.committed,
            )


def _left_over(known: "list[Status]") -> Iterator[Matter]:
    for status in known:
        if not status.enabled:
            yield Matter("left over", status.name, "warning", "not enabled on this host any more",
                         f"kolla container delete {status.name} --dry-run")


def _of_host(deployment: "Deployment") -> Iterator[Matter]:
    from kolla import host

    if deployment.is_copy:  # certificates and disks are for root to see
        return
    settings = deployment.settings
    state_dir = Path(settings.value("DEFAULT", "state_dir"))
    found = [*host.certificates_end(settings),
             host.disk("disk of the state", state_dir, host.STATE_MINIMUM, host.STATE_COMFORT)]
    yield from _findings(found)


def of_engine(deployment: "Deployment") -> Iterator[Matter]:
    """The matters that only the engine knows of: drift, and the age of images."""
    from kolla import host
    from kolla.images import labels

    if deployment.is_copy:
        return
    try:
        running = {
            seen.container: labels.refreshed(seen.labels)
            for seen in deployment.backend.observe() if seen.running
        }
        oldest = deployment.settings.value("images", "max_age")
        yield from _findings(host.packages(running, oldest))
        yield from _near_limits(deployment)
        if not deployment.configuration.invalid:
            yield from drift(deployment)
    except KollaError as error:
        yield Matter("engine", "engine", "missing", error.message, "kolla host check")


def _near_limits(deployment: "Deployment") -> Iterator[Matter]:
    """Containers that use most of the memory or of the processes that they may have."""
    limited = [
        current for status in statuses(deployment).values()
        if (current := status.generation) and status.record.target == RUNNING
        and current.snapshot.limits
    ]
    # The engine takes its time for each.
    with ThreadPoolExecutor(deployment.settings.value("engine", "parallel")) as pool:
        found = list(pool.map(lambda current: _usage(deployment, current), limited))
    for current, used in zip(limited, found):
        for what in ("memory", "pids") if used else ():
            limit, amount = current.snapshot.limits.get(what), getattr(used, what)
            if limit and amount / limit >= NEAR:
                yield Matter("limit", current.container, "warning",
                             f"uses {amount / limit:.0%} of its {what}", f"see [limits] {what}")


def _usage(deployment: "Deployment", current: "Generation") -> "Usage | None":
    from kolla.backends.instances import engine_name
    from kolla.plugin.reports import Unreachable

    try:
        return deployment.backend.usage(engine_name(current.container, current.number))
    except Unreachable:
        raise
    except KollaError:  # it has gone: its health and the drift tell of that
        return None


def drift(deployment: "Deployment") -> Iterator[Matter]:
    """Each container that differs from the configuration, with the first reason."""
    from kolla.actions.run import plan

    for name, steps in plan(deployment, list(deployment.settings.enabled())).items():
        if steps.blocked:
            yield Matter("drift", name, "blocked", steps.blocked.splitlines()[0],
                         f"kolla plan {name}")
        elif steps.operations:
            first, *others = steps.reasons or (f"{steps.action} is due",)
            more = f" and {len(others)} more" if others else ""
            yield Matter("drift", name, "outdated", f"{first}{more}", f"kolla plan {name}")


def _findings(found: "Iterator[Finding] | list[Finding]") -> Iterator[Matter]:
    for finding in found:
        if finding.state != "ok":
            topic = finding.subject.split()[0]
            yield Matter("images" if topic == "packages" else topic, finding.subject,
                         str(finding.state), finding.found, finding.advice)

"""The fields of `kolla container show` for a container and one of its generations."""

from typing import TYPE_CHECKING, Any

from kolla.cli.values import Age, ImageId, Lines, Text
from kolla.errors import KollaError

if TYPE_CHECKING:
    from kolla.cli.status import Status
    from kolla.deployment import Deployment
    from kolla.plugin.spec import Spec
    from kolla.settings import Settings
    from kolla.store.records import Generation

#: How many incidents are shown, the newest.
INCIDENTS = 10
#: Characters of the first line of the evidence.
MOST = 200
MIB = 1 << 20

FIELDS = (
    "name", "set", "summary", "distribution", "health", "detail", "checked", "pin",
    "generation", "state", "cause", "created", "reason", "incidents", "evidence", "release",
    "version", "image", "image_id", "user", "strategy", "project", "requires", "listens",
    "command", "environment", "files", "volumes", "scratch", "mounts", "privileges",
    "super_privileged", "outlived_by", "in_use", "limits", "check", "stop_grace", "logging",
    "log", "pinned_since", "pinned_by",
)


def generation_of(
    deployment: "Deployment", known: "Status", number: int | None
) -> "Generation | None":
    """The generation of that number, the current one if none is given, or None."""
    if number is None:
        return known.generation
    if found := deployment.store.find(known.name, number):
        return found
    from kolla.plans import refusals

    raise refusals.no_generation(known.name, number, known.record.last_number)


def values(
    deployment: "Deployment", known: "Status", generation: "Generation | None"
) -> tuple[Any, ...]:
    """The values in the order of FIELDS; without a generation, from the configuration."""
    spec = generation.snapshot if generation else _wanted(deployment, known)
    about = {
        **_declared(deployment, known),
        "name": known.name,
        "health": known.health,
        "detail": known.record.health_detail,
        "checked": Age(known.record.health_at),
        "pin": ImageId(known.pin),
        "pinned_since": Age(known.record.pinned_at),
        "pinned_by": known.record.pinned_by,
        **_made(known, generation),
        **_incidents(deployment, known, generation),
        **_running(spec, deployment.settings),
        "in_use": Lines(_in_use(deployment, known.name)),
        "log": Text(_log(deployment, known, generation)),
    }
    return tuple(about[field] for field in FIELDS)


def shortened(found: tuple[Any, ...]) -> tuple[Any, ...]:
    """The same values with only the first line of the evidence."""
    place = FIELDS.index("evidence")
    first, *others = str(found[place]).splitlines() or [""]
    more = f" (and {len(others)} more lines: --evidence)" if others else ""
    return (*found[:place], f"{first[:MOST]}{more}", *found[place + 1:])


def _wanted(deployment: "Deployment", known: "Status") -> "Spec":
    from kolla.catalog import naming
    from kolla.plans.rendering import build
    from kolla.plugin.reports import ImageFacts

    container = known.container
    if container is None:
        raise KollaError(
            f"{known.name} is deleted, and its plugin is not installed",
            f"`kolla container history {known.name}` shows what there was",
        )
    release = known.record.release_pin or deployment.settings.value("DEFAULT", "release")
    namespace = deployment.settings.value("images", "namespace")
    image = known.record.image_pin or naming.reference(container.image, release, namespace)
    facts = ImageFacts("", image)
    return build(container, deployment.settings, facts, "", "")


def _declared(deployment: "Deployment", known: "Status") -> dict[str, Any]:
    container = known.container
    if container is None:
        missing = Text(None)
        return {"set": missing, "summary": "its plugin is not installed",
                "distribution": missing, "project": missing, "requires": Lines([]),
                "listens": Lines([])}
    return {
        "set": "/".join(deployment.catalog.path(container.parent)),
        "summary": container.summary,
        "distribution": deployment.catalog.distribution(container.name),
        "project": Text(container.project or None),
        "requires": Lines(list(container.requires)),
        "listens": Lines([
            f"{listen.address} port {listen.port}"
            for listen in deployment.settings.listens(container)
        ]),
    }


def _made(known: "Status", generation: "Generation | None") -> dict[str, Any]:
    if generation is None:
        state = "deleted" if known.record.last_number else "not made yet"
        return {"generation": Text(None), "state": state, "cause": "",
                "created": Age(None), "reason": ""}
    return {
        "generation": generation.number,
        "state": generation.outcome,
        "cause": generation.cause,
        "created": Age(generation.created),
        "reason": generation.reason,
    }


def _incidents(
    deployment: "Deployment", known: "Status", generation: "Generation | None"
) -> dict[str, Any]:
    """The last failure of a generation: its time, its reason and its evidence."""
    if generation is None:
        return {"incidents": Lines([]), "evidence": ""}
    found = [event for event in deployment.store.incidents(known.name)
             if event.generation == generation.number]
    evidence = generation.evidence or (found[-1].evidence if found else "")
    lines = [f"{event.at}: {event.action}, {event.detail}" for event in found[-INCIDENTS:]]
    return {"incidents": Lines(lines), "evidence": evidence}


def _in_use(deployment: "Deployment", name: str) -> list[str]:
    """The processes that go on whatever becomes of the generation they live in."""
    survivors = deployment.instances.survivors
    found = ((generation.number, survivors(generation.snapshot, generation.number))
             for generation in deployment.store.generations(name))
    return [f"generation {number}: {', '.join(processes)}" for number, processes in found
            if processes]


def _log(
    deployment: "Deployment", known: "Status", generation: "Generation | None"
) -> str | None:
    """The file with the archived log of a generation whose container is gone."""
    path = generation and deployment.archive.path(known.name, generation.number)
    return str(path) if path and path.exists() else None


def _running(spec: "Spec", settings: "Settings") -> dict[str, Any]:
    from kolla.health.rules import check_of

    check = check_of(spec, settings)
    return {
        "release": Text(spec.release),
        "version": Text(spec.version),
        "image": ImageId(spec.image),
        "image_id": ImageId(spec.image_id),
        "user": spec.user,
        "strategy": spec.strategy,
        "command": Lines(list(spec.command)),
        "environment": Lines(spec.environment, "="),
        "files": Lines({file.path: f"mode {file.mode:#o}" for file in spec.files}),
        "volumes": Lines({volume.path: volume.name for volume in spec.volumes}),
        "scratch": Lines({scratch.path: scratch.size for scratch in spec.scratch}),
        "mounts": Lines({
            mount.path: f"{mount.source} ({mount.options}): {mount.reason}"
            for mount in spec.host_mounts
        }),
        "privileges": Lines({str(item): item.reason for item in spec.privileges}),
        "super_privileged": Text(spec.super_privileged),
        "outlived_by": Lines(list(spec.outlived_by)),
        "limits": Lines({name: _amount(name, value) for name, value in spec.limits.items()}),
        "check": f"{' '.join(check.command)}: every {check.interval} s, for at most "
                 f"{check.timeout} s, {check.grace} s grace",
        "stop_grace": f"{spec.stop_grace} s",
        "logging": Lines(spec.log),
    }


def _amount(name: str, value: int | float) -> str:
    return f"{value / MIB:g} MiB" if name == "memory" else f"{value:g}"

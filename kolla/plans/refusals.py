"""Changes that are refused before anything is touched, and the commands that help instead."""

import dataclasses
from collections.abc import Iterable

from kolla import network
from kolla.catalog import releases
from kolla.deployment import Deployment
from kolla.errors import KollaError, UsageError, nearest
from kolla.plans.plan import Do, Plan, State
from kolla.plugin import Container, Downgrade, Task
from kolla.plugin.spec import Spec
from kolla.settings import Settings
from kolla.store.records import ABSENT


def no_generation(name: str, number: int, highest: int) -> UsageError:
    """The error for a generation that is not on record; ``highest`` is the last one's number."""
    missing = f"{name} has no generation {number}"
    if number <= highest:
        missing = f"generation {number} of {name} is not on record any more"
    return UsageError(missing, f"`kolla container history {name}` shows all that are")


def require_task(name: str, task: str, tasks: Iterable[Task]) -> None:
    """Raise :class:`UsageError` if none of a container's tasks has that name."""
    known = [each.name for each in tasks]
    if task not in known:
        raise UsageError(
            f"{name} has no task {task!r}{nearest(task, known)}",
            f"`kolla container task {name}` lists those that can be run",
        )


def refuse_release(container: Container, release: str, current: int | None) -> None:
    """Raise :class:`KollaError` for a release that does not have the container."""
    if not container.releases or release in container.releases:
        return
    name, known = container.name, container.releases
    stay = f"`kolla container upgrade {name} --release {known[-1]}` has it stay there"
    if not current:
        stay = "[DEFAULT] release, or --release, chooses a release"
    instead = f": {container.instead}" if container.instead else ""
    raise KollaError(
        f"{name} is no part of {release}, only of {', '.join(known)}{instead}",
        f"{stay}; on a host that goes on without it, delete it and name it in [host] disabled",
    )


def refuse_jump(deployment: Deployment, container: Container, state: State, new: str) -> None:
    """Raise :class:`KollaError` where no upgrade leads from the current release to ``new``."""
    old, name = state.spec(state.current).release, container.name
    order = deployment.catalog.release_order
    reason = releases.refuse_jump(order, old, new) if old and new else ""
    if not reason:
        return
    if state.record.target == ABSENT:
        raise KollaError(
            f"{name} was deleted at {old}, which its data are of: {reason}",
            f"`kolla container upgrade {name} --release {old}` makes it again as it was;"
            f" after `kolla container delete {name} --data` any release may start",
        )
    release = deployment.settings.value("DEFAULT", "release")
    configured = f" ([DEFAULT] release is {release})" if release == new else ""
    raise KollaError(
        f"{name}: {reason}{configured}",
        f"`kolla container upgrade {name} --release {old}` lets it stay there, whatever"
        f" [DEFAULT] release says; `kolla container rollback {name}` goes back",
    )


def way_to_run(deployment: Deployment, container: Container, state: State) -> str:
    """The command that has a container run that is stopped or deleted."""
    name, old = container.name, state.current and state.spec(state.current).release
    wanted = state.record.release_pin or deployment.settings.value("DEFAULT", "release")
    order = deployment.catalog.release_order
    if state.record.target == ABSENT and old and releases.refuse_jump(order, old, wanted):
        return f"`kolla container upgrade {name} --release {old}` makes it again as it was"
    return f"`kolla container start {name}` first"


def refuse_downgrade(container: Container, old: str, new: str) -> None:
    """Raise :class:`KollaError` if the data cannot go back to an older version."""
    if container.downgrade is Downgrade.REFUSED and releases.earlier_version(new, old):
        raise KollaError(
            f"{container.name} cannot go back from version {old} to {new}:"
            " its data on disk is of the later one",
            "restore a backup taken with the earlier version instead, or delete it with its"
            f" data: `kolla container delete {container.name} --data`",
        )


def require_secrets(settings: Settings, spec: Spec) -> None:
    """Raise :class:`KollaError` if a secret of a new generation has no value."""
    try:
        settings.reveal("".join("${%s}" % name for name in settings.secrets_in(spec.texts())))
    except KollaError as error:
        raise KollaError(f"{spec.container}: {error.message}", error.hint) from None


def require_secrets_of_last_tasks(settings: Settings, state: State, steps: Plan) -> None:
    """The same for the tasks that a deletion runs."""
    for step in steps.operations:
        if step.kind in (Do.FAREWELL, Do.TEARDOWN):
            spec = state.spec(step.number)
            task = spec.task(step.kind, step.task)
            # They run where the generation has its files already.
            files = tuple(file for file in spec.files if not settings.is_of_nobody(file.text))
            needed = dataclasses.replace(spec, tasks={step.kind: (task,)}, files=files)
            require_secrets(settings, needed)


def require_ports(state: State, spec: Spec) -> None:
    """Raise :class:`KollaError` if another process holds a port that the spec binds."""
    running = [number for number in state.observed if state.running(number)]
    if not state.generations.keys() >= {*running}:
        return  # the state file was lost, and recovery asks the engine first
    serving = [
        {(listen.address, listen.port) for listen in state.generations[number].snapshot.listens}
        for number in running
    ]
    if not all(serving):
        return  # an earlier kolla did not record which ports its generations bind
    for listen in spec.listens:
        own = any((listen.address, listen.port) in places for places in serving)
        problem = None if own else network.problem(
            listen.address, int(listen.port), listen.floating
        )
        if problem:
            raise KollaError(
                f"{state.name}: {listen.address} port {listen.port} {problem}", problem.advice
            )

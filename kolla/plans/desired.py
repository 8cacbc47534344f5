"""What the configuration and an operator's command ask of a container."""

import dataclasses
import pathlib

from kolla import network
from kolla.backends import log_drivers
from kolla.catalog import naming, releases
from kolla.deployment import Deployment
from kolla.errors import KollaError
from kolla.host.kinds import host_path
from kolla.host.needs import needs_of
from kolla.images.options import options_of
from kolla.plans.plan import State
from kolla.plugin import (
    Container, Downgrade, File, HostMount, Listen, Privilege, Scratch, Strategy, Task, Volume,
)
from kolla.plugin.reports import ImageFacts
from kolla.plugin.spec import PHASES, Spec
from kolla.settings import Settings
from kolla.settings.limits import limits_of
from kolla.store.records import ABSENT

#: What an image says about where it looks for secret variables.
SECRETS_LABEL = "kolla.secrets"
VERSION = "org.opencontainers.image.version"
#: Writable places that every container has, and their size.
SCRATCH = {"/run/kolla": "64m", "/tmp": "64m"}


def spec(
    deployment: Deployment, container: Container, state: State,
    release: str | None = None, image: str | None = None, preview: bool = False,
) -> Spec:
    """The spec wanted now. A ``preview`` makes nothing on the engine.

    Raises :class:`KollaError` if there is no such image, its service has no option of a name
    that is set, or the way to it is refused.
    """
    pin = state.record
    wanted = release or pin.release_pin or deployment.settings.value("DEFAULT", "release")
    current = state.current if state.current in state.generations else None
    if release and current and container.image.per_release:
        refuse_jump(deployment, container, state, release)
    reference = image or (pin.image_pin if not release else None)
    if not reference:
        refuse_release(container, wanted, current)
    facts = deployment.backend.image(reference or name_of_image(deployment, container, wanted))
    if facts is None:
        raise _missing(deployment, container, wanted, reference)
    of_image = facts.labels.get("kolla.release", wanted) if container.image.per_release else ""
    version = facts.labels.get(VERSION, "")
    refuse_release(container, of_image, current)
    if current and not image:
        refuse_jump(deployment, container, state, of_image)
    if current:
        refuse_downgrade(container, state.spec(current).version, version)
    _judge_options(deployment, container, facts.id, preview)
    return build(
        container, deployment.settings, facts, of_image, version, deployment.backend.name
    )


def _judge_options(
    deployment: Deployment, container: Container, image_id: str, preview: bool
) -> None:
    if preview:  # to read the list of an image takes a container on the engine
        known = deployment.settings.option_lists.of_image(image_id)
    else:
        known = options_of(deployment, image_id, container)
    if known is not None:
        deployment.settings.learn(container.name, known)
    deployment.require_valid(container, known)


def _missing(
    deployment: Deployment, container: Container, release: str, reference: str | None
) -> KollaError:
    if reference:
        return KollaError(
            f"the engine has no image {reference}, which {container.name} is to run",
            "build it or load it, or choose another with --release or --image",
        )
    name = name_of_image(deployment, container, release)
    option = f" --release {release}" if container.image.per_release else ""
    return KollaError(
        f"the image {name} is not built", f"`kolla image build {container.image.name}{option}`"
    )


def name_of_image(deployment: Deployment, container: Container, release: str) -> str:
    namespace = deployment.settings.value("images", "namespace")
    return naming.reference(container.image, release, namespace)


def refuse_release(container: Container, release: str, current: int | None) -> None:
    """Raise :class:`KollaError` for a release that does not have the container."""
    if not container.releases or release in container.releases:
        return
    name, known = container.name, container.releases
    stay = f"`kolla container upgrade {name} --release {known[-1]}` has it stay there"
    if not current:
        stay = "[DEFAULT] release, or --release, chooses a release"
    raise KollaError(
        f"{name} is no part of {release}, only of {', '.join(known)}",
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
    raise KollaError(
        f"{name}: {reason}",
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


def require_ports(state: State, spec: Spec) -> None:
    """Raise :class:`KollaError` if somebody else holds a port that the spec binds."""
    serving = [
        generation.snapshot.listens for number, generation in state.generations.items()
        if state.running(number)
    ]
    if not all(serving):
        return  # of what an earlier kolla started nobody knows what it holds
    for listen in spec.listens:
        own = any(listen in places for places in serving)
        problem = None if own else network.problem(listen.address, int(listen.port))
        if problem:
            raise KollaError(
                f"{state.name}: {listen.address} port {listen.port} {problem}", problem.advice
            )


def build(
    container: Container, settings: Settings, image: ImageFacts, release: str, version: str,
    backend: str = "docker",
) -> Spec:
    """The spec that the configuration asks for, with this image.

    Raises :class:`KollaError` if a file that an option names cannot be read.
    """
    return Spec(
        container=container.name,
        image=image.reference,
        image_id=image.id,
        release=release,
        version=version,
        user=container.user,
        strategy=container.strategy,
        environment=settings.environment(container),
        command=container.command,
        files=_files(container, settings),
        volumes=_volumes(container, settings),
        scratch=_scratch(container, settings),
        host_mounts=_host_mounts(container, settings),
        privileges=_privileges(container, settings),
        security=_security(container, settings),
        log=_log(settings),
        check=container.check,
        drain=_drain(container),
        drain_grace=container.drain_grace,
        stop_grace=container.stop_grace,
        confirms_itself=container.confirms_itself,
        tasks={
            phase: tuple(_task(task, settings) for task in getattr(container, phase))
            for phase in PHASES
        },
        backend=backend,
        secrets_in=image.labels.get(SECRETS_LABEL, "environment"),
        own_folder="ro",
        limits=limits_of(container, settings),
        hold=container.hold,
        needs=needs_of(container, settings),
        project=container.project,
        outlived_by=container.outlived_by,
        listens=tuple(Listen(*place) for place in settings.listens(container)),
    )


def _volumes(container: Container, settings: Settings) -> tuple[Volume, ...]:
    return tuple(
        dataclasses.replace(volume, name=settings.render(volume.name))
        for volume in container.volumes
    )


def _privileges(container: Container, settings: Settings) -> tuple[Privilege, ...]:
    return tuple(
        dataclasses.replace(item, value=settings.render(item.value))
        for item in container.privileges
    )


def _scratch(container: Container, settings: Settings) -> tuple[Scratch, ...]:
    own = {scratch.path: settings.render(scratch.size) for scratch in container.scratch}
    return tuple(Scratch(path, size) for path, size in (SCRATCH | own).items())


def _host_mounts(container: Container, settings: Settings) -> tuple[HostMount, ...]:
    """Without those that may be missing and are."""
    sources = [settings.render(mount.source) for mount in container.host_mounts]
    return tuple(
        dataclasses.replace(mount, source=source, optional=False)
        for mount, source in zip(container.host_mounts, sources)
        if not mount.optional or pathlib.Path(host_path(source)).exists()
    )


def _drain(container: Container) -> tuple[str, ...]:
    if container.strategy is Strategy.HANDOVER and not container.drain:
        return ("kolla-drain",)
    return container.drain


def _files(container: Container, settings: Settings) -> tuple[File, ...]:
    files = []
    for file in container.files:
        content = _content(file, settings)
        if content is not None:
            mode = 0o600 if settings.references(content) else file.mode
            files.append(File(file.path, content, mode=mode))
    return tuple(files)


def _content(file: File, settings: Settings) -> str | None:
    """A template of the file's content; None if there is no such file."""
    if file.when and not settings.value(*file.when.split(".")):
        return None
    if not file.option:
        return settings.render(file.content or "")
    source = settings.value(*file.option.split("."))
    if not source:
        return None
    if file.secret:
        return "${file:%s}" % file.option
    return _read(source, file.option).replace("$", "$$")


def _read(source: str, option: str) -> str:
    try:
        return pathlib.Path(source).read_text()
    except UnicodeDecodeError:
        raise KollaError(
            f"the file {source}, which the option {option} names, is no UTF-8 text",
            "only a file that its plugin declares as secret may hold anything",
        ) from None
    except OSError as error:
        raise KollaError(
            f"the file {source}, which the option {option} names, cannot be read: {error}",
            "put it there, or unset the option",
        ) from None


def _log(settings: Settings) -> dict[str, str]:
    driver, *rest = (
        settings.value("logs", name)
        for name in ("driver", "max_size", "max_files", "driver_options")
    )
    return {"driver": driver, **log_drivers.options(driver, *rest)}


def _security(container: Container, settings: Settings) -> tuple[str, ...]:
    """Its own by ``[engine]``, else what its plugin declares, else what all others have."""
    unconfined = {item.value for item in container.privileges if item.kind == "unconfined"}
    wanted = dict.fromkeys(sorted(unconfined & {"seccomp", "systempaths"}), "unconfined")
    for name, option, free in (("label", "selinux_label", "disable"),
                               ("apparmor", "apparmor_profile", "unconfined")):
        default = free if name in unconfined else settings.value("engine", option)
        wanted[name] = settings.value("engine", f"{option}s").get(container.name, default)
    return tuple(f"{name}={value}" for name, value in sorted(wanted.items()) if value)


def _task(task: Task, settings: Settings) -> Task:
    environment = {key: settings.render(text) for key, text in task.environment.items()}
    return dataclasses.replace(task, environment=environment)

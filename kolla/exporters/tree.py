"""The tree that exporters get: the containers as the configuration wants them."""

import dataclasses
import functools
from collections.abc import Iterator, Mapping

from kolla.backends.instances import given, given_to_a_task
from kolla.catalog import naming
from kolla.deployment import Deployment
from kolla.health.rules import check_of
from kolla.plans.rendering import build
from kolla.plugin import Container, template
from kolla.plugin.export import Content, Exported, Mount, MountKind, Program, Tree
from kolla.plugin.reports import ImageFacts
from kolla.plugin.spec import Spec
from kolla.settings import Settings, pulled

#: The kinds of needs that are mounts of a kind; what is needed as one of the first two is made.
KINDS = {
    "folder": MountKind.FOLDER, "file": MountKind.FILE, "shared-mount": MountKind.FOLDER,
}


def tree(deployment: Deployment, containers: list[Container]) -> Tree:
    """The tree of these containers.

    Raises :class:`kolla.errors.KollaError` if anything in the configuration is wrong, or a
    secret is missing.
    """
    deployment.configuration.require_valid()
    again = functools.partial(_tree, deployment, containers)
    return again({})


def _tree(
    deployment: Deployment, containers: list[Container], values: Mapping[str, str]
) -> Tree:
    settings = deployment.settings
    if values:
        settings = settings.filled(values)
    exported = tuple(_exported(container, settings) for container in containers)
    return Tree(settings.host, exported, functools.partial(_tree, deployment, containers))


def _exported(container: Container, settings: Settings) -> Exported:
    spec, catalog = _spec(container, settings), settings.catalog
    service = _program(
        container.name, container.command, spec.environment, settings, given(spec, 1, spec)
    )
    return Exported(
        container=container,
        distribution=catalog.distribution(container.name),
        path=catalog.path(container.name),
        image=spec.image,
        user=spec.owner,
        service=service,
        tasks={phase: tuple(_tasks(spec, phase, settings)) for phase in spec.tasks},
        files=tuple(_files(spec, settings)),
        mounts=tuple(_mounts(container, spec, settings)),
        listens=template.rendered(spec.listens, settings.reveal),
        privileges=template.rendered(spec.privileges, settings.reveal),
        security=spec.security,
        limits=spec.limits,
        needs=template.rendered(spec.needs, settings.reveal),
        check=check_of(spec, settings),
        drain=spec.drain,
        log=spec.log,
    )


def _spec(container: Container, settings: Settings) -> Spec:
    release = settings.value("DEFAULT", "release")
    image = naming.reference(container.image, release, settings.value("images", "namespace"))
    if container.image.reference:  # every engine can pull it
        image = pulled.reference(settings, container.image)
    return build(
        container, settings, ImageFacts(image, image),
        release if container.image.per_release else "", "",
    )


def _program(
    name: str, command: tuple[str, ...], environment: Mapping[str, str], settings: Settings,
    given: dict[str, str],
) -> Program:
    known = {key: text for key, text in environment.items() if not settings.taken_out(text)}
    secret = {key for key, text in known.items() if settings.references(text)}
    values = {key: settings.reveal(text) for key, text in known.items()}
    return Program(
        name, command,
        {key: text for key, text in values.items() if key not in secret} | given,
        {key: values[key] for key in sorted(secret)},
    )


def _tasks(spec: Spec, phase: str, settings: Settings) -> Iterator[Program]:
    patience = settings.value("engine", "lock_timeout")
    for task in spec.tasks[phase]:
        place = spec
        if task.of:
            place = _spec(settings.catalog.containers[task.of], settings)
        made = _program(
            task.name, task.command, {**place.environment, **task.environment}, settings,
            given(place, 1, spec) | given_to_a_task(spec, patience),
        )
        yield dataclasses.replace(made, timeout=task.timeout, of=task.of)


def _files(spec: Spec, settings: Settings) -> Iterator[Content]:
    for file in sorted(spec.files, key=lambda file: file.path):
        content = settings.reveal(file.text).encode(errors="surrogateescape")
        yield Content(file.path, content, file.mode, bool(settings.references(file.text)))


def _mounts(container: Container, spec: Spec, settings: Settings) -> Iterator[Mount]:
    """All of them: also those that this host does without."""
    for volume in spec.volumes:
        yield Mount(MountKind.VOLUME, volume.path, settings.reveal(volume.name))
    for scratch in spec.scratch:
        yield Mount(MountKind.SCRATCH, scratch.path, size=scratch.size)
    kinds = {need.value: need.kind for need in spec.needs if need.kind in KINDS}
    for mount in sorted(container.host_mounts, key=lambda mount: mount.path):
        source = settings.render(mount.source)
        kind = kinds.get(source, "")
        yield Mount(
            KINDS.get(kind, MountKind.PATH), mount.path, settings.reveal(source), mount.read_only,
            mount.propagation, optional=mount.optional, made=kind in ("folder", "file"),
            reason=mount.reason,
        )

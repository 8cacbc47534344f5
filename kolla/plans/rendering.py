"""From a declaration, the settings and an image to a spec."""

import dataclasses
import pathlib
import re
from collections.abc import Callable
from typing import Any

from kolla.backends import log_drivers
from kolla.errors import KollaError
from kolla.host.kinds import host_path
from kolla.host.needs import needs_of
from kolla.plugin import (
    Container, File, HostMount, Listen, Running, Scratch, Strategy, Task, template,
)
from kolla.plugin.declarations.container import PHASES
from kolla.plugin.reports import ImageFacts
from kolla.plugin.spec import Spec
from kolla.settings import Settings
from kolla.settings.cloud import made
from kolla.settings.limits import limits_of
from kolla.settings.option_values import split

#: The label of an image that says where it looks for secret variables.
SECRETS_LABEL = "kolla.secrets"
#: Writable places that every container has, and the most that each may hold.
SCRATCH = {"/run/kolla": "64m", "/tmp": "64m"}
_PRIVATE_KEY = re.compile("-----BEGIN [A-Z ]*PRIVATE KEY-----")


def build(
    container: Container, settings: Settings, image: ImageFacts, release: str, version: str,
    backend: str = "docker",
) -> Spec:
    """The spec that the configuration asks for, with this image.

    Raises :class:`KollaError` if a file that an option names cannot be read, or may not be copied.
    """
    return Spec(
        **_running(container, settings),
        container=container.name,
        image=image.reference,
        image_id=image.id,
        release=release,
        version=version,
        security=_security(container, settings),
        log=_log(settings),
        tasks={
            phase: template.rendered(_tasks(container, phase, settings), settings.render)
            for phase in PHASES
        },
        backend=backend,
        secrets_in=image.labels.get(SECRETS_LABEL, "environment"),
        own_folder="ro",
        limits=limits_of(container, settings),
    )


def _running(container: Container, settings: Settings) -> dict[str, Any]:
    """The fields of :class:`Running`: rendered by type, or by a function of ``_OWN_WAYS``."""
    return {
        field.name: _OWN_WAYS[field.name](container, settings) if field.name in _OWN_WAYS
        else template.rendered(getattr(container, field.name), settings.render)
        for field in dataclasses.fields(Running)
    }


def _tasks(container: Container, phase: str, settings: Settings) -> tuple[Task, ...]:
    """The tasks of a phase; on any host but the first one without those for the first host."""
    return tuple(
        task for task in getattr(container, phase)
        if not task.first or settings.hosts.is_first(container, settings)
    )


def _scratch(container: Container, settings: Settings) -> tuple[Scratch, ...]:
    own = {scratch.path: settings.render(scratch.size) for scratch in container.scratch}
    return tuple(Scratch(path, size) for path, size in (SCRATCH | own).items())


def _host_mounts(container: Container, settings: Settings) -> tuple[HostMount, ...]:
    """Its host mounts, without optional ones whose source is missing."""
    sources = [settings.render(mount.source) for mount in container.host_mounts]
    return tuple(
        dataclasses.replace(mount, source=source, optional=False)
        for mount, source in zip(container.host_mounts, sources)
        if not mount.optional or pathlib.Path(host_path(source)).exists()
    )


def _drain(container: Container, settings: Settings) -> tuple[str, ...]:
    hands_over = container.strategy is Strategy.HANDOVER and container.listens
    return container.drain or (("kolla-drain",) if hands_over else ())


def _files(container: Container, settings: Settings) -> tuple[File, ...]:
    files = []
    for file in container.files:
        content = _content(container, file, settings)
        if content is not None:
            mode = 0o600 if settings.references(content) else file.mode
            files.append(File(file.path, content, mode=mode))
    for ring in container.keyrings:
        content = "${%s}" % ring.option
        files.append(File(ring.path, content, mode=0o600, numbered=True))
    return tuple(files)


def _content(container: Container, file: File, settings: Settings) -> str | None:
    """A template of the file's content; None if there is no such file."""
    if file.when and not settings.value(*split(file.when)):
        return None
    option = file.option or ""
    source = settings.value(*split(option)) if option else ""
    if source and file.secret:
        return "${file:%s}" % option
    if source:
        return _escaped(source, option)
    return None if file.content is None else settings.render(made(settings, container, file))


def _escaped(source: str, option: str) -> str:
    """The content of a file that an option names, as a template."""
    try:
        text = pathlib.Path(source).read_text()
    except UnicodeDecodeError:
        raise KollaError(
            f"the file {source}, which the option {option} names, is no UTF-8 text",
            "only a file that its plugin declares as secret may hold anything",
        ) from None
    except OSError as error:
        raise KollaError(
            f"the file {source}, which the option {option} names, cannot be read:"
            f" {error.strerror}",
            "put it there, or unset the option",
        ) from None
    if _PRIVATE_KEY.search(text):
        raise KollaError(
            f"the file {source}, which the option {option} names, holds a private key",
            "only a file that its plugin declares as secret may hold one: kolla records others",
        )
    return text.replace("$", "$$")


def _log(settings: Settings) -> dict[str, str]:
    driver, *rest = (
        settings.value("logs", name)
        for name in ("driver", "max_size", "max_files", "driver_options")
    )
    return {"driver": driver, **log_drivers.options(driver, *rest)}


def _security(container: Container, settings: Settings) -> tuple[str, ...]:
    """Security options: [engine] for this container, else its plugin, else [engine] for all."""
    unconfined = {item.value for item in container.privileges if item.kind == "unconfined"}
    wanted = dict.fromkeys(sorted(unconfined & {"seccomp", "systempaths"}), "unconfined")
    for name, option, free in (("label", "selinux_label", "disable"),
                               ("apparmor", "apparmor_profile", "unconfined")):
        default = free if name in unconfined else settings.value("engine", option)
        wanted[name] = settings.value("engine", f"{option}s").get(container.name, default)
    return tuple(f"{name}={value}" for name, value in sorted(wanted.items()) if value)


def _environment(container: Container, settings: Settings) -> dict[str, str]:
    return settings.environment(container)


def _listens(container: Container, settings: Settings) -> tuple[Listen, ...]:
    return tuple(settings.listens(container))


#: By field to which the settings, the host or the strategy add something: what renders it.
_OWN_WAYS: dict[str, Callable[[Container, Settings], Any]] = {
    "environment": _environment,
    "listens": _listens,
    "files": _files,
    "scratch": _scratch,
    "host_mounts": _host_mounts,
    "needs": needs_of,
    "drain": _drain,
}

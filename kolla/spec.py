"""The frozen description of how to run a container."""

import dataclasses
import json
import pathlib

from kolla.backends.base import ImageFacts
from kolla.errors import KollaError
from kolla.logs import drivers
from kolla.plugin import Container, Strategy, Task

HANDOVER = Strategy.HANDOVER

#: Paths of the host that make whoever can write there its master.
CRUCIAL = ("/", "/boot", "/dev", "/etc", "/lib", "/proc", "/root", "/run", "/sys", "/usr", "/var")
#: Writable places that every container has, and their size.
SCRATCH = {"/run/kolla": "64m", "/tmp": "64m"}
#: When one-shot tasks run.
PHASES = ("bootstrap", "verify", "dump", "expand", "contract", "before_rollback")
SUPER = ("privileged", "pid", "ipc", "cgroup")


@dataclasses.dataclass(frozen=True)
class Spec:
    """One generation's snapshot. Secrets in it are references (``${group.option}``)."""

    container: str
    image: str
    image_id: str
    release: str
    #: Of the software in the image.
    version: str
    user: int
    strategy: str
    environment: dict[str, str]
    command: list[str]
    #: Path to ``[content, octal mode]``.
    files: dict[str, list[str]]
    #: Path to the name of the volume.
    volumes: dict[str, str]
    #: Path to size.
    scratch: dict[str, str]
    #: Path to ``[source, options, reason]``.
    host_mounts: dict[str, list[str]]
    #: ``kind`` or ``kind:value`` to the reason.
    privileges: dict[str, str]
    security: list[str]
    #: ``driver``, and what that is told.
    log: dict[str, str]
    check: dict
    drain: list[str]
    drain_grace: int
    stop_grace: int
    confirms_itself: bool = False
    #: Each phase to its one-shot tasks.
    tasks: dict[str, list[dict]] = dataclasses.field(default_factory=dict)
    #: What makes its container and does all that is done with it.
    backend: str = "docker"

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "Spec":
        return cls(**json.loads(text))

    @property
    def super_privileged(self) -> bool:
        """Whether it needs the host itself."""
        crucial = any(
            source in CRUCIAL or source.endswith("docker.sock")
            for source, _, _ in self.host_mounts.values()
        )
        return crucial or any(kind in SUPER for kind in self.privileges)

    def texts(self) -> list[str]:
        """All rendered templates in it: where secret references can be."""
        tasks = [task["environment"] for group in self.tasks.values() for task in group]
        return [
            *self.environment.values(),
            *(content for content, _ in self.files.values()),
            *(value for environment in tasks for value in environment.values()),
        ]


def build(
    container: Container, settings, image: ImageFacts, release: str, version: str,
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
        strategy=container.strategy.value,
        environment=settings.environment(container),
        command=list(container.command),
        files=_files(container, settings),
        volumes={volume.path: volume.name for volume in container.volumes},
        scratch=SCRATCH | {scratch.path: scratch.size for scratch in container.scratch},
        host_mounts={
            mount.path: [
                mount.source,
                f"{'ro' if mount.read_only else 'rw'},{mount.propagation}",
                mount.reason,
            ]
            for mount in container.host_mounts
        },
        privileges={
            f"{item.kind}:{item.value}" if item.value else item.kind: item.reason
            for item in container.privileges
        },
        security=_security(settings),
        log=_log(settings),
        check=dataclasses.asdict(container.check) | {"command": list(container.check.command)},
        drain=list(container.drain) or ["kolla-drain"] * (container.strategy is HANDOVER),
        drain_grace=container.drain_grace,
        stop_grace=container.stop_grace,
        confirms_itself=container.confirms_itself,
        tasks={
            phase: [_task(task, settings) for task in getattr(container, phase)]
            for phase in PHASES
        },
        backend=backend,
    )


def _files(container: Container, settings) -> dict[str, list[str]]:
    files = {}
    for file in container.files:
        if file.option:
            source = settings.value(*file.option.split("."))
            if not source:
                continue
            content = _read(source, file.option).replace("$", "$$")
        else:
            content = settings.render(file.content or "")
        mode = 0o600 if settings.references(content) else file.mode
        files[file.path] = [content, oct(mode)]
    return files


def _read(source: str, option: str) -> str:
    try:
        return pathlib.Path(source).read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise KollaError(
            f"the file {source}, which the option {option} names, cannot be read: {error}",
            "put it there, or unset the option",
        ) from None


def _log(settings) -> dict[str, str]:
    driver, *rest = (
        settings.value("logs", name)
        for name in ("driver", "max_size", "max_files", "driver_options")
    )
    return {"driver": driver, **drivers.options(driver, *rest)}


def _security(settings) -> list[str]:
    label = settings.value("engine", "selinux_label")
    profile = settings.value("engine", "apparmor_profile")
    return [f"label={label}"] * bool(label) + [f"apparmor={profile}"] * bool(profile)


def _task(task: Task, settings) -> dict:
    return {
        "name": task.name,
        "command": list(task.command),
        "environment": {key: settings.render(text) for key, text in task.environment.items()},
        "timeout": task.timeout,
    }


_NAMES = {
    "environment": "environment",
    "files": "file",
    "volumes": "volume",
    "scratch": "scratch space",
    "host_mounts": "mount",
    "privileges": "privilege",
    "log": "logging",
    "check": "check",
}
_PLAIN = ("user", "strategy", "command", "security", "drain", "drain_grace", "stop_grace")


def differences(old: Spec, new: Spec) -> list[str]:
    """Why ``new`` is not ``old``, one reason each; empty if they run the same."""
    reasons = []
    if old.image_id != new.image_id:
        reasons.append(f"image: {describe_image(old)} -> {describe_image(new)}")
    for field, name in _NAMES.items():
        reasons += _changes(name, getattr(old, field), getattr(new, field))
    for field in _PLAIN:
        if getattr(old, field) != getattr(new, field):
            reasons.append(f"{field.replace('_', ' ')}: changed")
    if old.backend != new.backend:
        reasons.append(f"backend: {old.backend} -> {new.backend}")
    return reasons


def describe_image(spec: Spec) -> str:
    """Reference, version and short id."""
    details = [spec.version, short_id(spec.image_id)]
    return f"{spec.image} ({', '.join(filter(None, details))})"


def short_id(image_id: str) -> str:
    """The twelve characters by which people know an image."""
    return image_id.removeprefix("sha256:")[:12]


def _changes(name: str, old: dict, new: dict) -> list[str]:
    def how(key: str) -> str:
        return "added" if key not in old else "removed" if key not in new else "changed"

    return [
        f"{name}: {key} {how(key)}"
        for key in sorted({*old, *new})
        if old.get(key) != new.get(key)
    ]

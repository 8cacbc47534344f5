"""The frozen description of how to run a container."""

import dataclasses
import json
from collections.abc import Mapping

#: The label of a generation on the engine that holds its whole spec.
SPEC = "kolla.spec"
#: Paths of the host that make whoever can write there its master.
CRUCIAL = ("/", "/boot", "/dev", "/etc", "/lib", "/proc", "/root", "/run", "/sys", "/usr", "/var")
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
    #: Where its image looks for secret variables: ``file`` or ``environment``.
    secrets_in: str = "environment"
    #: Whether it may write (``rw``) to the folder of its generation, as earlier ones did.
    own_folder: str = "rw"
    #: ``memory`` (bytes), ``pids``, ``files`` and ``cpus``, as far as they are limited.
    limits: dict[str, int | float] = dataclasses.field(default_factory=dict)

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "Spec":
        """What a later kolla has added to it is passed over.

        Raises ValueError or TypeError if it is no snapshot.
        """
        known, found = {field.name for field in dataclasses.fields(cls)}, json.loads(text)
        if not isinstance(found, dict):
            raise ValueError("it is no snapshot of a container")
        return cls(**{name: value for name, value in found.items() if name in known})

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


def labelled(labels: Mapping[str, str]) -> Spec | None:
    """The spec in the labels of a container; None if there is none that can be read."""
    try:
        return Spec.from_json(labels[SPEC])
    except (KeyError, TypeError, ValueError):
        return None


def describe_image(spec: Spec) -> str:
    """Reference, version and short id."""
    details = [spec.version, short_id(spec.image_id)]
    return f"{spec.image} ({', '.join(filter(None, details))})"


def short_id(image_id: str) -> str:
    """The twelve characters by which people know an image."""
    return image_id.removeprefix("sha256:")[:12]

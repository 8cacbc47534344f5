"""The frozen description of how to run a container."""

import dataclasses
import json
from collections.abc import Callable, Mapping
from typing import Any

from kolla.plugin import snapshot, template
from kolla.plugin.declarations.commands import Task
from kolla.plugin.declarations.running import Running
from kolla.plugin.reach import exposes, reaches

#: The label of a generation on the engine that holds its whole spec.
SPEC = "kolla.spec"
#: The format of new snapshots. Snapshots of every earlier format can be read.
FORMAT = 2


@dataclasses.dataclass(frozen=True)
class Spec(Running):
    """One generation's snapshot. Secrets in it are references (``${group.option}``).

    Its files have their content, wherever that came from; its needs include those of its mounts
    and devices.
    """

    container: str
    image: str
    image_id: str
    release: str
    #: The version of the software in the image.
    version: str
    security: tuple[str, ...]
    #: ``driver``, and what that is told.
    log: Mapping[str, str]
    #: Each phase to its one-shot tasks.
    tasks: Mapping[str, tuple[Task, ...]] = dataclasses.field(default_factory=dict)
    #: What makes its container and does all that is done with it.
    backend: str = "docker"
    #: Where its image looks for secret variables: ``file`` or ``environment``.
    secrets_in: str = "environment"
    #: Whether it may write (``rw``) to the folder of its generation, as earlier ones did.
    own_folder: str = "rw"
    #: ``memory`` (bytes), ``pids``, ``files`` and ``cpus``, as far as they are limited.
    limits: Mapping[str, int | float] = dataclasses.field(default_factory=dict)

    def to_json(self) -> str:
        return json.dumps({"format": FORMAT, **snapshot.plain(self)}, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "Spec":
        """A snapshot of any format; what a later kolla has added to it is passed over.

        Raises ValueError if it is no snapshot.
        """
        found = json.loads(text)
        try:
            for step in range(found.get("format", 1), FORMAT):
                found = _UPGRADES[step](found)
            return snapshot.made(cls, found)
        except (AttributeError, LookupError, TypeError) as error:
            raise ValueError(f"it is no snapshot of a container: {error!r}") from None

    @property
    def super_privileged(self) -> bool:
        """Whether it reaches for the host itself."""
        return any(map(exposes, self.host_mounts)) or any(map(reaches, self.privileges))

    @property
    def owner(self) -> int:
        """The owner of its files: root without capabilities can read no other user's."""
        return 0 if "root" in {item.kind for item in self.privileges} else self.user

    def granted(self, kind: str) -> tuple[str, ...]:
        """The values of its privileges of a kind: capabilities, or devices."""
        return tuple(item.value for item in self.privileges if item.kind == kind)

    def texts(self) -> list[str]:
        """All rendered templates in it: where secret references can be."""
        return template.texts(self)

    def task(self, phase: str, name: str) -> Task:
        """One of its one-shot tasks; KeyError if it has none of that name in the phase."""
        by_name = {task.name: task for task in self.tasks[phase]}
        return by_name[name]


def _from_format_1(found: dict[str, Any]) -> dict[str, Any]:
    """Mappings by path became lists of what a plugin declares."""
    return found | {
        "files": [
            {"path": path, "content": content, "mode": int(mode, 8)}
            for path, (content, mode) in found["files"].items()
        ],
        "volumes": [{"path": path, "name": name} for path, name in found["volumes"].items()],
        "scratch": [{"path": path, "size": size} for path, size in found["scratch"].items()],
        "host_mounts": [
            {
                "path": path, "source": source, "reason": reason,
                "read_only": options.split(",")[0] == "ro", "propagation": options.split(",")[1],
            }
            for path, (source, options, reason) in found["host_mounts"].items()
        ],
        "privileges": [
            dict(zip(("kind", "value"), name.split(":", 1)), reason=reason)
            for name, reason in found["privileges"].items()
        ],
    }


#: What makes a snapshot of the next format of one of this.
_UPGRADES: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {1: _from_format_1}


def labelled(labels: Mapping[str, str]) -> Spec | None:
    """The spec in the labels of a container; None if there is none that can be read."""
    try:
        return Spec.from_json(labels[SPEC])
    except (KeyError, ValueError):
        return None


def describe_image(spec: Spec) -> str:
    """Reference, version and short id."""
    details = [spec.version, short_id(spec.image_id)]
    return f"{spec.image} ({', '.join(filter(None, details))})"


def short_id(image: str) -> str:
    """The twelve characters of its id by which people know an image; a name as a whole."""
    return image.removeprefix("sha256:")[:12] if image.startswith("sha256:") else image

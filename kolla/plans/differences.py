"""Why one spec is not another."""

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

from kolla.catalog import releases
from kolla.plugin import File, Releases, Task, snapshot
from kolla.plugin.spec import Spec, describe_image

#: By field: the word for one of its entries.
_NAMES = {
    "files": "file", "volumes": "volume", "scratch": "scratch space", "host_mounts": "mount",
    "privileges": "privilege", "limits": "limit", "log": "logging",
}
#: Fields without a difference in what runs: names and versions of the image (``image_id`` tells
#: which one it is), needs of the host, the project of the dumps, and addresses (which are in the
#: environment as well).
_NO_REASON = ("container", "image", "release", "version", "needs", "project", "listens")


@dataclasses.dataclass(frozen=True)
class Difference:
    """One thing that two specs do not have in common; a value is None where it is missing."""

    #: The kind of thing, such as ``environment`` or ``file``.
    what: str
    #: Its name among those of its kind; empty if there is only one.
    name: str
    old: str | None
    new: str | None

    @property
    def how(self) -> str:
        if not self.name:
            return "changed"
        return "added" if self.old is None else "removed" if self.new is None else "changed"

    def __str__(self) -> str:
        """Without values, except for what an image or a backend is called."""
        if self.what in ("image", "backend"):
            return f"{self.what}: {self.old} -> {self.new}"
        return f"{self.what}: {self.name} {self.how}" if self.name else f"{self.what}: {self.how}"


def differences(old: Spec, new: Spec) -> list[str]:
    """Why ``new`` is not ``old``, one reason each, the image first; empty if they run the same."""
    return [str(difference) for difference in compare(old, new)]


def compare(old: Spec, new: Spec) -> list[Difference]:
    """The differences in what two specs run, with their values; secrets are references."""
    found = []
    for field in sorted(dataclasses.fields(Spec), key=lambda field: field.name != "image_id"):
        before, after = getattr(old, field.name), getattr(new, field.name)
        if before != after and field.name not in _NO_REASON:
            found += _of_field(field.name, old, new)
    return found


def goes_back(known: Releases, old: Spec, new: Spec) -> bool:
    """Whether ``new`` is of an earlier release, or of an earlier version of the same one."""
    if old.release and new.release and old.release != new.release:
        return releases.earlier(known, new.release, old.release)
    return releases.earlier_version(new.version, old.version)


def _of_field(field: str, old: Spec, new: Spec) -> list[Difference]:
    if field == "image_id":
        return [Difference("image", "", describe_image(old), describe_image(new))]
    if field == "tasks":
        return _changes("task", _by_name(old.tasks), _by_name(new.tasks))
    before, after = getattr(old, field), getattr(new, field)
    old_things, new_things = _things(before), _things(after)
    if old_things is None or new_things is None:
        return [Difference(field.replace("_", " "), "", _text(before), _text(after))]
    return _changes(_NAMES.get(field, field), old_things, new_things)


def _by_name(tasks: Mapping[str, tuple[Task, ...]]) -> dict[str, Task]:
    return {f"{phase} {task.name}": task for phase, group in tasks.items() for task in group}


def _things(value: Any) -> Mapping[str, Any] | None:
    """By name: the entries of a field, such as mounts by their path; None if it has no entries."""
    if isinstance(value, Mapping):
        return value
    if dataclasses.is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, tuple) and all(map(dataclasses.is_dataclass, value)):
        return {getattr(thing, "path", None) or str(thing): thing for thing in value}
    return None


def _changes(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Difference]:
    return [
        Difference(name, key, _text(old.get(key)), _text(new.get(key)))
        for key in sorted({*old, *new})
        if old.get(key) != new.get(key)
    ]


def _text(value: Any) -> str | None:
    """A value as people read it."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, File):
        return value.text
    if isinstance(value, tuple) and all(isinstance(part, str) for part in value):
        return " ".join(value)
    return json.dumps(snapshot.plain(value), sort_keys=True)

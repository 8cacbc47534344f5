"""Why one spec is not another."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from kolla.catalog import releases
from kolla.plugin import Releases, Task
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


def differences(old: Spec, new: Spec) -> list[str]:
    """Why ``new`` is not ``old``, one reason each, the image first; empty if they run the same."""
    reasons = []
    for field in sorted(dataclasses.fields(Spec), key=lambda field: field.name != "image_id"):
        before, after = getattr(old, field.name), getattr(new, field.name)
        if before != after and field.name not in _NO_REASON:
            reasons += _reasons(field.name, old, new)
    return reasons


def goes_back(known: Releases, old: Spec, new: Spec) -> bool:
    """Whether ``new`` is of an earlier release, or of an earlier version of the same one."""
    if old.release and new.release and old.release != new.release:
        return releases.earlier(known, new.release, old.release)
    return releases.earlier_version(new.version, old.version)


def _reasons(field: str, old: Spec, new: Spec) -> list[str]:
    before, after = _things(getattr(old, field)), _things(getattr(new, field))
    if field == "image_id":
        return [f"image: {describe_image(old)} -> {describe_image(new)}"]
    if field == "backend":
        return [f"backend: {old.backend} -> {new.backend}"]
    if field == "tasks":
        return _changes("task", _by_name(old.tasks), _by_name(new.tasks))
    if before is None or after is None:
        return [f"{field.replace('_', ' ')}: changed"]
    return _changes(_NAMES.get(field, field), before, after)


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


def _changes(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    def how(key: str) -> str:
        return "added" if key not in old else "removed" if key not in new else "changed"

    return [
        f"{name}: {key} {how(key)}"
        for key in sorted({*old, *new})
        if old.get(key) != new.get(key)
    ]

"""Why one spec is not another."""

import dataclasses
from collections.abc import Mapping

from kolla.plugin.spec import Spec, describe_image

#: What a name in these fields is.
_NAMES = {
    "files": "file", "volumes": "volume", "scratch": "scratch space", "host_mounts": "mount",
    "privileges": "privilege", "limits": "limit", "log": "logging",
}
#: Two specs run the same though these differ: what an image is called, and what it says of
#: itself. Which image it is, its id tells.
_NO_REASON = ("container", "image", "release", "version")


def differences(old: Spec, new: Spec) -> list[str]:
    """Why ``new`` is not ``old``, one reason each; empty if they run the same."""
    reasons = []
    for field in dataclasses.fields(Spec):
        before, after = getattr(old, field.name), getattr(new, field.name)
        if before != after and field.name not in _NO_REASON:
            reasons += _reasons(field.name, old, new)
    return reasons


def _reasons(field: str, old: Spec, new: Spec) -> list[str]:
    before, after = getattr(old, field), getattr(new, field)
    match field:
        case "image_id":
            return [f"image: {describe_image(old)} -> {describe_image(new)}"]
        case "backend":
            return [f"backend: {before} -> {after}"]
        case "tasks":
            return _changes("task", _by_name(before), _by_name(after))
        case _ if isinstance(after, dict):
            return _changes(_NAMES.get(field, field), before, after)
    return [f"{field.replace('_', ' ')}: changed"]


def _by_name(tasks: Mapping[str, list[dict]]) -> dict[str, dict]:
    return {f"{phase} {task['name']}": task for phase, group in tasks.items() for task in group}


def _changes(name: str, old: dict, new: dict) -> list[str]:
    def how(key: str) -> str:
        return "added" if key not in old else "removed" if key not in new else "changed"

    return [
        f"{name}: {key} {how(key)}"
        for key in sorted({*old, *new})
        if old.get(key) != new.get(key)
    ]

"""Why one spec is not another."""

from kolla.plugin.spec import Spec, describe_image

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


def _changes(name: str, old: dict, new: dict) -> list[str]:
    def how(key: str) -> str:
        return "added" if key not in old else "removed" if key not in new else "changed"

    return [
        f"{name}: {key} {how(key)}"
        for key in sorted({*old, *new})
        if old.get(key) != new.get(key)
    ]

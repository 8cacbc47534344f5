"""From an instance to a service of a compose file."""

import pathlib
from typing import Any

from kolla.plugin.instance import Instance
from kolla.plugin.reports import ALWAYS
from kolla.plugin.spec import SPEC

#: The service below which the label with the whole spec is in a file of its own.
LABELS = "labels"


def service(
    instance: Instance, env_file: pathlib.Path | str = "", labels: pathlib.Path | str = ""
) -> dict:
    """An instance in compose's words, ``$`` doubled, as compose reads a file.

    Secrets are to be found in ``env_file`` and the spec in the file ``labels``, below its
    only service. The restart policy is that of a generation that counts: a part of what
    compose compares, it has to be the same as long as the generation lives.
    """
    granted = instance.privileges
    plain = {key: text for key, text in instance.environment.items()
             if key not in instance.secrets}
    shown = {key: text for key, text in instance.labels.items() if key != SPEC}
    user = 0 if "root" in granted else instance.user
    words = {
        "container_name": instance.name,
        "image": instance.image,
        "command": list(instance.command),
        "user": f"{user}:{user}",
        "network_mode": "host",
        "pid": "host" if "pid" in granted else None,
        "ipc": "host" if "ipc" in granted else None,
        "cgroup": "host" if "cgroup" in granted else None,
        "privileged": "privileged" in granted,
        "read_only": "writable-root" not in granted,
        "cap_drop": instance.taken_away,
        "cap_add": list(instance.capabilities),
        "security_opt": instance.security_options,
        "devices": list(instance.devices),
        "device_cgroup_rules": list(instance.device_rules),
        "group_add": list(instance.groups),
        "volumes": [
            *(f"{name}:{path}" for name, path in instance.volumes),
            *(f"{source}:{path}:{options}" for source, path, options in instance.binds),
        ],
        "tmpfs": [f"{path}:size={size},mode=1777" for path, size in instance.scratch.items()],
        "mem_limit": instance.limits.get("memory"),
        "memswap_limit": instance.limits.get("memory"),
        "pids_limit": instance.limits.get("pids"),
        "cpus": instance.limits.get("cpus"),
        "ulimits": instance.all_ulimits,
        "restart": ALWAYS.value,
        "stop_grace_period": f"{instance.stop_grace}s",
        "logging": {
            "driver": instance.log_driver,
            **({"options": dict(instance.log_options)} if instance.log_options else {}),
        },
        "env_file": [str(env_file)] if instance.secrets else [],
        "environment": dict(sorted(plain.items())),
        "labels": shown,
        "extends": {"file": str(labels), "service": LABELS} if SPEC in instance.labels else {},
    }
    return escaped({key: value for key, value in words.items() if value})


def spec_labels(instance: Instance) -> dict:
    """The content of the file ``labels``."""
    return {"services": {LABELS: {"labels": escaped({SPEC: instance.labels[SPEC]})}}}


def volumes(services: list[dict], external: bool = True) -> dict:
    """The section of the volumes that services mount; ``down -v`` spares external ones."""
    mounts = [mount for each in services for mount in each.get("volumes", [])]
    names = sorted({source for source in (m.partition(":")[0] for m in mounts)
                    if not source.startswith((".", "/"))})
    details = {"external": True} if external else {}
    return {"volumes": {name: {"name": name, **details} for name in names}} if names else {}


def escaped(value: Any) -> Any:
    """With every ``$`` doubled, which compose would take for the beginning of a variable."""
    return _replaced(value, "$", "$$")


def unescaped(value: Any) -> Any:
    return _replaced(value, "$$", "$")


def _replaced(value: Any, old: str, new: str) -> Any:
    if isinstance(value, dict):
        return {key: _replaced(item, old, new) for key, item in value.items()}
    if isinstance(value, list):
        return [_replaced(item, old, new) for item in value]
    return value.replace(old, new) if isinstance(value, str) else value

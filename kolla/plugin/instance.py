"""What a backend creates a container from."""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from kolla.plugin.declarations.confinement import Privilege


@dataclasses.dataclass(frozen=True)
class Instance:
    """Everything needed to create a container on the engine, secrets resolved."""

    name: str
    image: str
    user: int
    environment: Mapping[str, str]
    labels: Mapping[str, str]
    command: tuple[str, ...] = ()
    #: (source, target, options) of bind mounts, as in ``-v``.
    binds: tuple[tuple[str, str, str], ...] = ()
    volumes: tuple[tuple[str, str], ...] = ()
    #: target to size.
    scratch: Mapping[str, str] = dataclasses.field(default_factory=dict)
    capabilities: tuple[str, ...] = ()
    #: Exceptions where ``capabilities`` are ``ALL``; else it loses all that it does not name.
    dropped: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    #: As in ``--device-cgroup-rule``.
    device_rules: tuple[str, ...] = ()
    #: Numbers of groups beside its own.
    groups: tuple[str, ...] = ()
    #: Any of privileged, pid, ipc, cgroup, root, writable-root, new-privileges.
    privileges: frozenset[str] = frozenset()
    #: By the engine's names; -1 is no limit. Open files are among ``limits``.
    ulimits: Mapping[str, int] = dataclasses.field(default_factory=dict)
    #: ``memory`` in bytes (with swap), ``pids``, ``files`` and ``cpus``, as far as limited.
    limits: Mapping[str, int | float] = dataclasses.field(default_factory=dict)
    stop_grace: int = 30
    #: As in ``--security-opt``: ``apparmor=…``, ``label=…``, ``seccomp=…``, ``systempaths=…``.
    security: tuple[str, ...] = ()
    #: Whether it leaves the CPU to what serves, until its restart policy says that it counts.
    in_background: bool = False
    log_driver: str = "json-file"
    log_options: Mapping[str, str] = dataclasses.field(default_factory=dict)
    #: Variables of the environment whose values hold a secret.
    secrets: frozenset[str] = frozenset()

    @property
    def taken_away(self) -> list[str]:
        """The capabilities that it is not to have, unless they are in ``capabilities``."""
        if "privileged" in self.privileges:
            return []
        return list(self.dropped) or ["ALL"]

    @property
    def security_options(self) -> list[str]:
        """The options as in ``--security-opt``."""
        confined = [] if "new-privileges" in self.privileges else ["no-new-privileges"]
        return [*confined, *self.security]

    @property
    def all_ulimits(self) -> dict[str, int]:
        """``ulimits`` with the open files."""
        files = {"nofile": int(self.limits["files"])} if "files" in self.limits else {}
        return {**files, **self.ulimits}


def granted(privileges: Iterable[Privilege]) -> dict[str, Any]:
    """The fields of an instance that stand for privileges."""
    values: dict[str, list[str]] = {}
    for item in privileges:
        values.setdefault(item.kind, []).append(item.value)
    limits = (text.split("=") for text in values.get("limit", ()))
    return {
        "capabilities": tuple(values.get("capability", ())),
        "devices": tuple(values.get("device", ())),
        "device_rules": tuple(values.get("device-rule", ())),
        "groups": tuple(values.get("group", ())),
        "ulimits": {name: int(value) for name, value in limits},
        "privileges": frozenset(item.kind for item in privileges if not item.value),
    }

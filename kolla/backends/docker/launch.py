"""Instances in the engine's words."""

import dataclasses

import docker

from kolla.plugin.instance import Instance
from kolla.plugin.reports import NEVER

#: CPU shares of a generation that loads while another one serves.
BACKGROUND = 256
#: CPU shares of a generation that was committed.
FULL = 1024
#: The option that neither hides nor write-protects files in /proc and /sys.
UNMASKED = "systempaths=unconfined"
#: The security options of a privileged container.
UNCONFINED = ("apparmor=unconfined", "label=disable", "seccomp=unconfined", UNMASKED)
#: The folders that a privileged container has from the host.
POWERFUL = ("/dev", "/sys")


def arguments(api: docker.APIClient, instance: Instance) -> dict:
    """What :meth:`docker.APIClient.create_container` takes."""
    root = "root" in instance.privileges
    return {
        "image": instance.image,
        "name": instance.name,
        "command": list(instance.command) or None,
        "user": "0:0" if root else f"{instance.user}:{instance.user}",
        "environment": dict(instance.environment),
        "labels": dict(instance.labels),
        "volumes": [path for _, path in instance.volumes],
        "stop_timeout": instance.stop_grace,
        "host_config": _host_config(api, instance),
    }


def _host_config(api: docker.APIClient, instance: Instance) -> dict:
    granted, limits = instance.privileges, instance.limits
    binds = [f"{name}:{path}" for name, path in instance.volumes]
    binds += [f"{source}:{path}:{options}" for source, path, options in instance.binds]
    config = api.create_host_config(
        network_mode="host",
        restart_policy={"Name": NEVER.value},
        binds=binds,
        tmpfs={path: f"size={size},mode=1777" for path, size in instance.scratch.items()},
        cap_drop=instance.taken_away or None,
        cap_add=list(instance.capabilities) or None,
        devices=list(instance.devices) or None,
        device_cgroup_rules=list(instance.device_rules) or None,
        group_add=list(instance.groups) or None,
        security_opt=[text for text in instance.security_options if text != UNMASKED],
        read_only="writable-root" not in granted,
        privileged="privileged" in granted,
        pid_mode="host" if "pid" in granted else None,
        ipc_mode="host" if "ipc" in granted else None,
        cgroupns="host" if "cgroup" in granted else None,
        cpu_shares=shares(instance),
        mem_limit=limits.get("memory"),
        memswap_limit=limits.get("memory"),
        pids_limit=limits.get("pids"),
        nano_cpus=round(limits["cpus"] * 1e9) if "cpus" in limits else None,
        ulimits=[
            {"Name": name, "Soft": most, "Hard": most}
            for name, most in instance.all_ulimits.items()
        ] or None,
        log_config={"Type": instance.log_driver, "Config": dict(instance.log_options)},
    )
    if UNMASKED in instance.security:  # a word that only the engine's clients know
        config |= {"MaskedPaths": [], "ReadonlyPaths": []}
    return config


def in_parts(instance: Instance, lacking: tuple[str, ...]) -> Instance:
    """The instance as an engine can launch it that lacks these capabilities.

    Such an engine refuses ``privileged``, but gives everything it has when asked one by one.
    """
    if not lacking or "privileged" not in instance.privileges:
        return instance
    mounted = {target for _, target, _ in instance.binds}
    chosen = {text.partition("=")[0] for text in instance.security}
    return dataclasses.replace(
        instance,
        privileges=instance.privileges - {"privileged"},
        capabilities=("ALL",), dropped=lacking,
        device_rules=(*instance.device_rules, "a *:* rwm"),
        security=(*instance.security, *(
            text for text in UNCONFINED if text.partition("=")[0] not in chosen
        )),
        binds=(*instance.binds, *(
            (path, path, "rw,rprivate") for path in POWERFUL if path not in mounted
        )),
    )


def shares(instance: Instance) -> int | None:
    """The CPU shares to begin with; None: the engine's default."""
    return BACKGROUND if instance.in_background else None

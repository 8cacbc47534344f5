"""Instances in the engine's words."""

import docker

from kolla.plugin.backend import NEVER, Instance

#: Shares of the CPU: of what prepares while something else serves, and of what was committed.
BACKGROUND, FULL = 256, 1024


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
    return api.create_host_config(
        network_mode="host",
        restart_policy={"Name": NEVER.value},
        binds=binds,
        tmpfs={path: f"size={size},mode=1777" for path, size in instance.scratch.items()},
        cap_drop=None if "privileged" in granted else ["ALL"],
        cap_add=list(instance.capabilities) or None,
        devices=list(instance.devices) or None,
        security_opt=["no-new-privileges", *instance.security],
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
        ulimits=[{"Name": "nofile", "Soft": limits["files"], "Hard": limits["files"]}]
        if "files" in limits else None,
        log_config={"Type": instance.log_driver, "Config": dict(instance.log_options)},
    )


def shares(instance: Instance) -> int | None:
    """Of the CPU, to begin with; None: what the engine gives."""
    return BACKGROUND if instance.in_background else None

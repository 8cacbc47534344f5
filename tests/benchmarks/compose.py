"""docker-compose, run with containers exactly like kolla's."""

import json
import os
import pathlib
import shutil
import subprocess
from collections.abc import Mapping

from kolla.backends.base import Instance


def command() -> list[str] | None:
    """docker-compose or the plugin of that name; None if there is neither."""
    if standalone := shutil.which("docker-compose"):
        return [standalone]
    plugin = [shutil.which("docker") or "false", "compose"]
    found = subprocess.run([*plugin, "version"], capture_output=True).returncode == 0
    return plugin if found else None


def version() -> str:
    done = subprocess.run([*command(), "version", "--short"], capture_output=True, text=True)
    return f"docker-compose {done.stdout.strip()}"


class Project:
    """A compose file and what is done with it."""

    def __init__(self, folder: pathlib.Path, url: str):
        self.file, self.url = folder / "compose.json", url

    def write(self, services: Mapping[str, dict], external_volumes: bool = True) -> None:
        """JSON is YAML. Volumes have the names that kolla gives them."""
        mounts = [mount for service in services.values() for mount in service["volumes"]]
        names = {source for source in (m.partition(":")[0] for m in mounts) if "/" not in source}
        details = {"external": True} if external_volumes else {}
        volumes = {name: {"name": name, **details} for name in sorted(names)}
        content = {"version": "3.8", "services": dict(services), "volumes": volumes}
        self.file.write_text(json.dumps(content))

    def run(self, *arguments: str) -> None:
        line = [*command(), "--project-name", "benchmark", "--file", str(self.file), *arguments]
        environment = {**os.environ, "DOCKER_HOST": self.url, "COMPOSE_HTTP_TIMEOUT": "300"}
        done = subprocess.run(line, capture_output=True, text=True, env=environment, timeout=600)
        if done.returncode:
            raise RuntimeError(f"{' '.join(line)} failed:\n{done.stdout}{done.stderr}")


def service(instance: Instance) -> dict:
    """An instance in compose's words; only what kolla's own services need."""
    assert not instance.privileges and not instance.devices, "not known here"
    return {
        "image": instance.image,
        "container_name": instance.name,
        "user": f"{instance.user}:{instance.user}",
        "environment": {k: v.replace("$", "$$") for k, v in instance.environment.items()},
        **({"command": [part.replace("$", "$$") for part in instance.command]}
           if instance.command else {}),
        "volumes": [
            *(f"{name}:{path}" for name, path in instance.volumes),
            *(f"{source}:{path}:{options}" for source, path, options in instance.binds),
        ],
        "tmpfs": [f"{path}:size={size},mode=1777" for path, size in instance.scratch.items()],
        "network_mode": "host",
        "restart": "always",
        "read_only": True,
        "cap_drop": ["ALL"],
        "cap_add": list(instance.capabilities),
        "security_opt": ["no-new-privileges", *instance.security],
        "stop_grace_period": f"{instance.stop_grace}s",
        "logging": {"driver": instance.log_driver, "options": dict(instance.log_options)},
    }

"""docker-compose, run with containers exactly like kolla's."""

import dataclasses
import json
import os
import pathlib
import shutil
import subprocess
from collections.abc import Mapping

from kolla.compose import service as kollas_own
from kolla.plugin.instance import Instance


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

    def __init__(self, folder: pathlib.Path, url: str, name: str = "compose.json"):
        self.file, self.url = folder / name, url

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
    """An instance in compose's words; kolla is not to take the container for its own."""
    plain = dataclasses.replace(instance, labels={}, secrets=frozenset())
    return kollas_own.service(plain)

"""Ways to have containers watched, and healed when they are ill."""

import dataclasses
import json
import os
import pathlib
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from kolla.backends.docker.backend import DockerBackend
from kolla.deployment import Deployment as Library
from kolla.plugin.reports import ALWAYS
from kolla.plugin.spec import Spec
from tests.benchmarks.lab import REPOSITORY, Deployment
from tests.functional.support.harness import derive
from tests.functional.support.monitoring import Monitor


class Kolla:
    """``kolla monitor``."""

    name = "kolla monitor"

    def __init__(self, deployment: Deployment):
        self.deployment = deployment

    def begin(self) -> None:
        """Returns when it has found all of them well."""
        self._monitor = Monitor(self.deployment, self.deployment.directory / "monitor.log")
        self._monitor.says("watches the containers of")
        _wait(self._all_are_well)

    def _all_are_well(self) -> bool:
        try:
            url = f"http://{self.deployment.address}:9555/sets/all"
            return urllib.request.urlopen(url, timeout=5).status == 200
        except urllib.error.HTTPError:
            return False

    @property
    def pid(self) -> int:
        return self._monitor.process.pid

    def told(self) -> int:
        """How often it has told that a container is ill."""
        lines = self._monitor.said
        return sum(": its process ended" in line or " is unhealthy: " in line for line in lines)

    def end(self) -> None:
        self._monitor.end()


class Autoheal:
    """The engine's own health checks and a poller, with containers exactly like kolla's."""

    name = "HEALTHCHECK, docker-autoheal"

    def __init__(self, deployment: Deployment):
        self.deployment, self.engine = deployment, deployment.engine
        self.log: pathlib.Path = deployment.directory / "healer.log"
        self._tags: set[str] = set()

    def begin(self) -> None:
        self.engine.clean()
        library = Library(self.deployment.config_dir)
        specs = [library.store.generations(record.name)[-1].snapshot
                 for record in library.store.containers()]
        instances = [self._checked(spec, library.instances.make(spec, 1000)) for spec in specs]
        for spec in specs:
            library.instances.mark_joined(spec.container, 1000)
        library.store.close()
        backend = DockerBackend(self.engine.url)

        def start(instance) -> None:
            backend.create(instance)
            backend.set_restart(instance.name, ALWAYS)
            backend.start(instance.name)

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(start, instances))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.healer"], cwd=REPOSITORY,
            stdout=self.log.open("w"), env={**os.environ, "DOCKER_HOST": self.engine.url},
        )
        with self.engine.client() as client:
            _wait(lambda: len(client.api.containers(filters={"health": "healthy"})) == len(specs))

    def _checked(self, spec: Spec, instance):
        """On an image with that check."""
        check, tag = spec.check, f"kolla-benchmark/{spec.container.rstrip('-0123456789')}"
        if tag not in self._tags:
            derive(
                self.engine, spec.image, tag,
                f"HEALTHCHECK --interval={check.interval}s --timeout={check.timeout}s"
                f" --start-period={check.grace}s --retries={check.retries}"
                f" CMD {json.dumps(check.command)}",
            )
            self._tags.add(tag)
        return dataclasses.replace(instance, image=tag)

    @property
    def pid(self) -> int:
        return self._process.pid

    def told(self) -> int:
        return len(self.log.read_text().splitlines())

    def end(self) -> None:
        self._process.kill()
        self._process.wait()


def _wait(condition: Callable[[], bool], seconds: float = 180) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError(f"not all containers are healthy after {seconds} s")
        time.sleep(0.5)

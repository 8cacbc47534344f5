"""An engine in memory, for what is above every backend. It stands for no Docker."""

import dataclasses
import os
from pathlib import Path

from kolla import actions
from kolla.backends.base import NEVER, Backend, ImageFacts, Observed, Outcome
from kolla.deployment import Deployment
from kolla.intents import Request
from kolla.plugin import Check, Image
from tests.unit.plugins import make_catalog, make_container, make_settings

CONFIGURATION = """
[DEFAULT]
state_dir = {folder}/state
release = 2026.1
[host]
address = 127.0.0.1
enabled = {enabled}
[engine]
lock_timeout = 5
"""


class Memory(Backend):
    """Does at once what it is asked to; ``sick`` names what fails its check."""

    name = "docker"

    def __init__(self):
        self.containers: dict[str, Observed] = {}
        self.built: dict[str, ImageFacts] = {}
        self.sick: set[str] = set()
        #: Raised by the next call of a method with this container, as ("start", "web-g2").
        self.accidents: dict[tuple[str, str], Exception] = {}

    def running(self) -> list[str]:
        return [name for name, seen in self.containers.items() if seen.running]

    def observe(self):
        return list(self.containers.values())

    def inspect(self, name):
        return self.containers.get(name)

    def image(self, reference):
        by_id = {facts.id: facts for facts in self.built.values()}
        return self.built.get(reference) or by_id.get(reference)

    def images(self):
        return list(self.built.values())

    def tag(self, image, reference):
        self.built[reference] = self.image(image)

    def untag(self, reference):
        self.built.pop(reference, None)

    def read_file(self, image, path, container=""):
        return b"{}"

    def create(self, instance):
        labels = instance.labels
        self.containers[instance.name] = Observed(
            instance.name, labels["kolla.container"], int(labels["kolla.generation"]),
            False, "created", restart=NEVER, labels=labels, exit_code=0,
        )

    def start(self, name):
        self._change("start", name, running=True, status="running")

    def stop(self, name, grace):
        self._change("stop", name, running=False, status="exited")

    def set_restart(self, name, policy):
        self._change("set_restart", name, restart=policy)

    def _change(self, method, name, **changes):
        if accident := self.accidents.pop((method, name), None):
            raise accident
        self.containers[name] = dataclasses.replace(self.containers[name], **changes)

    def remove(self, name):
        self.containers.pop(name, None)

    def execute(self, name, command, timeout):
        return Outcome(int(name in self.sick), "it said so")

    def happenings(self):
        return iter(())

    def run(self, instance, timeout):
        return Outcome(0, "")

    def logs(self, name, tail=None, since=None, until=None, follow=False):
        return iter(())

    def remove_volume(self, name):
        pass

    def shell(self, name, command, tty):
        return command

    def version(self):
        return "memory"


class Host:
    """A deployment of these containers on an engine in memory."""

    def __init__(self, folder: Path, *containers):
        self.containers = list(containers)
        enabled = ", ".join(container.name for container in containers)
        text = CONFIGURATION.format(folder=folder, enabled=enabled)
        self.deployment, self.engine = Deployment(folder), Memory()
        self.deployment.catalog = make_catalog(*containers)
        self.deployment.settings = make_settings(folder, text, *containers)
        self.deployment._backends["docker"] = self.engine

    def build(self, version: str, release: str = "2026.1") -> None:
        """New images of all containers."""
        for number, container in enumerate(self.containers):
            reference = self.deployment.reference(container, release)
            labels = {"org.opencontainers.image.version": version, "kolla.release": release}
            identity = f"sha256:{number}-{version}-{release}"
            self.engine.built[reference] = ImageFacts(identity, reference, labels)

    def act(self, kind: str, **options) -> dict[str, actions.Result]:
        """What became of each container."""
        report = actions.run(self.deployment, Request(kind, self.containers, **options))
        return {result.container: result for result in report.results}

    def record(self, name: str):
        return self.deployment.store.container(name)


def make_service(name: str, per_release: bool = False, **changes):
    image = Image(name, Path("/nowhere"), parent=None, per_release=per_release)
    return make_container(name, image=image, user=os.getuid(), check=Check(grace=1), **changes)

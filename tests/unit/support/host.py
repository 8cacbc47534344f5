"""A host whose engine is made up, and what commands do to its containers."""

from pathlib import Path

from kolla.actions.run import run
from kolla.actions.result import Result
from kolla.catalog import naming
from kolla.deployment import Deployment
from kolla.plans.requests import Request
from kolla.plugin import Check, Image
from kolla.plugin.reports import ImageFacts
from tests.unit.support.engine import Engine
from tests.unit.support.plugins import (
    FOLDER, OF_THIS_USER, make_catalog, make_container, make_settings,
)

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


class Host:
    """A deployment of these containers on an engine that is made up."""

    def __init__(self, folder: Path, *containers):
        self.containers = list(containers)
        enabled = ", ".join(container.name for container in containers)
        text = CONFIGURATION.format(folder=folder, enabled=enabled)
        self.deployment, self.engine = Deployment(folder), Engine()
        self.deployment.installed = make_catalog(*containers)
        self.deployment.configuration.settings = make_settings(folder, text, *containers)
        self.deployment._backends["docker"] = self.engine

    def build(self, version: str, release: str = "2026.1") -> None:
        """New images of all containers."""
        for number, container in enumerate(self.containers):
            reference = naming.reference(container.image, release, "kolla")
            labels = {"org.opencontainers.image.version": version, "kolla.release": release}
            identity = f"sha256:{number}-{version}-{release}"
            self.engine.built[reference] = ImageFacts(identity, reference, labels)

    def act(self, kind: str, **options) -> dict[str, Result]:
        """What became of each container."""
        report = run(self.deployment, Request(kind, self.containers, **options))
        return {result.container: result for result in report.results}

    def record(self, name: str):
        return self.deployment.store.container(name)


def make_service(name: str, per_release: bool = False, **changes):
    image = Image(name, FOLDER, parent=None, per_release=per_release)
    return make_container(name, image=image, check=Check(grace=1), **OF_THIS_USER, **changes)

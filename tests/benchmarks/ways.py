"""Ways to put a changed container in the place of one that serves."""

import dataclasses
from typing import Protocol

from kolla.backends.docker.backend import DockerBackend
from kolla.deployment import Deployment as Library
from kolla.plugin.instance import Instance
from kolla.plugin.reports import ALWAYS
from tests.benchmarks import compose
from tests.benchmarks.lab import Deployment


class Way(Protocol):
    """``change`` returns when the tool says that it is done."""

    name: str

    def begin(self) -> None: ...

    def change(self, number: int) -> None: ...

    def end(self) -> None: ...


class Kolla:
    """An upgrade to a changed configuration and a rollback, in turn."""

    def __init__(self, name: str, deployment: Deployment, container: str):
        self.name, self.deployment, self.container = name, deployment, container

    def begin(self) -> None:
        self.deployment.configure("", "80-change")  # the last one may be another way's
        self.deployment.kolla("container", "start", self.container)

    def change(self, number: int) -> None:
        if number % 2:
            # An option that both services know and that changes nothing here.
            option = f"[{self.container}/DEFAULT]\nmax_logfile_count = {30 + number}\n"
            self.deployment.configure(option, "80-change")
            self.deployment.kolla("container", "upgrade", self.container)
        else:
            self.deployment.kolla("container", "rollback", self.container)

    def end(self) -> None:
        self.deployment.kolla("container", "delete", self.container, "--yes")


class KollaThroughCompose(Kolla):
    """The same with containers that compose makes."""

    def begin(self) -> None:
        self.deployment.configure("[backend]\ndriver = compose\n", "60-backend")
        super().begin()

    def end(self) -> None:
        super().end()
        self.deployment.configure("", "60-backend")


class KollaReleases(Kolla):
    """An upgrade to the next release, schema included, and a rollback, in turn."""

    def __init__(self, name: str, deployment: Deployment, container: str, release: str):
        super().__init__(name, deployment, container)
        self.release = release

    def change(self, number: int) -> None:
        if number % 2:
            command = ("upgrade", self.container, "--release", self.release)
        else:
            command = ("rollback", self.container)
        self.deployment.kolla("container", *command)


class _SameContainer:
    """A container like kolla's last one of a name, with a variable that changes."""

    def __init__(self, deployment: Deployment, container: str):
        self.deployment, self.container = deployment, container
        self.backend = DockerBackend(deployment.engine.url)

    def begin(self) -> None:
        library = Library(self.deployment.config_dir)
        spec = library.store.generations(self.container)[-1].snapshot
        self.instance = library.instances.make(spec, 1000)
        library.store.close()
        self.change(0)

    def changed(self, number: int) -> Instance:
        variables = {**self.instance.environment, "KOLLA_CHANGE": str(number)}
        return dataclasses.replace(self.instance, environment=variables)

    def change(self, number: int) -> None:
        raise NotImplementedError

    def end(self) -> None:
        self.backend.stop(self.instance.name, self.instance.stop_grace)
        self.backend.remove(self.instance.name)


class Compose(_SameContainer):
    """``docker-compose up -d`` with a changed environment."""

    name = "docker-compose up -d"

    def change(self, number: int) -> None:
        project = compose.Project(self.deployment.directory, self.deployment.engine.url)
        project.write({self.container: compose.service(self.changed(number))})
        project.run("up", "-d")


class Recreate(_SameContainer):
    """Stop, remove, create and start, through the engine's API."""

    name = "stop, rm, create, start"

    def change(self, number: int) -> None:
        instance = self.changed(number)
        self.backend.stop(instance.name, instance.stop_grace)
        self.backend.remove(instance.name)
        self.backend.create(instance)
        self.backend.set_restart(instance.name, ALWAYS)
        self.backend.start(instance.name)

"""The engine's own API, through the Docker SDK."""

import contextlib
import functools
import shutil
import time
from collections.abc import Iterator

import requests
from docker.errors import APIError, ImageNotFound, NotFound

from kolla.backends.docker import answers, image_file, launch, log
from kolla.backends.docker.connection import Connection
from kolla.backends.docker.execs import Execs
from kolla.backends.docker.happenings import happenings
from kolla.backends.docker.powers import Powers, powers
from kolla.plugin.backend import Backend, Configured
from kolla.plugin.instance import Instance
from kolla.plugin.reports import (
    ALWAYS, BackendError, Happenings, ImageFacts, Observed, Outcome, Stranger, Usage,
)
from kolla.plugin.spec import SPEC, Spec

#: Part of the engine's error for a process that has ended without the engine knowing yet.
ENDED = "container not running"
#: Seconds after which the engine must know.
HEARS = 5
#: The begin of what the engine writes in place of a command that it could not start.
REFUSED = "OCI runtime exec failed"


class DockerBackend(Backend):
    """Direct launch: one engine, reached at ``url``."""

    name = "docker"

    def __init__(self, url: str, timeout: int = 120):
        self.url, self.timeout = url, timeout
        self.engine = Connection(url, timeout)
        self._execs = Execs(url, timeout)

    @classmethod
    def from_settings(cls, settings: Configured) -> "DockerBackend":
        return cls(settings.value("docker", "url"), settings.value("docker", "timeout"))

    # What is there

    def observe(self, container: str | None = None) -> list[Observed]:
        return [
            answers.listed(row) for row in self._labelled(container)
            if answers.is_kollas(answers.name_of(row), row["Labels"])
        ]

    def strangers(self) -> list[Stranger]:
        return [
            Stranger(name, "it has labels of kolla and a name that kolla would not give it")
            for row in self._labelled()
            if not answers.is_kollas(name := answers.name_of(row), row["Labels"])
        ]

    def _labelled(self, container: str | None = None) -> list[dict]:
        label = "kolla.container" if container is None else f"kolla.container={container}"
        with self.engine.errors("does not list its containers"):
            return self.engine.api.containers(all=True, filters={"label": label})

    def inspect(self, name: str) -> Observed | None:
        with self.engine.errors(f"does not show {name}"):
            try:
                return answers.inspected(self.engine.api.inspect_container(name))
            except NotFound:
                return None

    def image(self, reference: str) -> ImageFacts | None:
        with self.engine.errors(f"does not show the image {reference}"):
            try:
                found = self.engine.api.inspect_image(reference)
            except ImageNotFound:
                return None
        return ImageFacts(
            id=found["Id"], reference=reference, labels=found["Config"].get("Labels") or {},
            size=found["Size"], created=found["Created"],
        )

    def images(self) -> list[ImageFacts]:
        with self.engine.errors("does not list its images"):
            rows = self.engine.api.images(filters={"label": "kolla.image"})
        return [
            ImageFacts(
                id=row["Id"], reference=tag, labels=row["Labels"] or {}, size=row["Size"],
                created=str(row["Created"]),
            )
            for row in rows for tag in row["RepoTags"] or ["<none>:<none>"]
        ]

    def tag(self, image: str, reference: str) -> None:
        repository, _, tag = reference.rpartition(":")
        with self.engine.errors(f"does not tag {image} as {reference}"):
            self.engine.api.tag(image, repository, tag)

    def untag(self, reference: str) -> None:
        with self.engine.errors(f"does not untag {reference}"), contextlib.suppress(ImageNotFound):
            self.engine.api.remove_image(reference)

    def read_file(self, image: str, path: str, container: str = "") -> bytes | None:
        return image_file.read(self.engine, image, path, container)

    # The life of a container

    @functools.cached_property
    def _powers(self) -> Powers:
        """What the engine can give; everything if its process cannot be seen from here."""
        return powers(self.url) or Powers()

    def require(self, spec: Spec) -> None:
        beyond = self._powers.lack(spec)
        if beyond:
            raise BackendError(
                f"{spec.container} needs {' and '.join(beyond)}, which the engine cannot give:"
                " its host does not let it",
                "`kolla host check` tells more; [limits] files lowers the limit nofile",
            )

    def create(self, instance: Instance) -> None:
        if not self._made(instance):
            self._launch(launch.in_parts(instance, self._powers.lacking))

    def _made(self, instance: Instance) -> bool:
        """Whether the engine has it already: the same spec under the same name."""
        found = self.inspect(instance.name)
        return found is not None and found.labels.get(SPEC) == instance.labels.get(SPEC)

    def _launch(self, instance: Instance) -> None:
        with self.engine.errors(f"does not create {instance.name}"):
            self.engine.api.create_container(**launch.arguments(self.engine.api, instance))

    def start(self, name: str) -> None:
        with self.engine.errors(f"does not start {name}"):
            self.engine.api.start(name)

    def stop(self, name: str, grace: int) -> None:
        with self.engine.errors(f"does not stop {name}"), contextlib.suppress(NotFound):
            self.engine.api.stop(name, timeout=grace)

    def remove(self, name: str) -> None:
        self._discard(name)

    def _discard(self, name: str) -> None:
        with self.engine.errors(f"does not remove {name}"), contextlib.suppress(NotFound):
            self.engine.api.remove_container(name, v=True, force=True)

    def set_restart(self, name: str, policy: str) -> None:
        self._update(name, policy, launch.FULL if policy == ALWAYS else None)

    def _update(self, name: str, policy: str, shares: int | None) -> None:
        """Change the restart policy, and the shares of the CPU unless they are None."""
        deadline = time.monotonic() + HEARS
        with self.engine.errors(f"does not change the restart policy of {name}"):
            while True:
                try:
                    self.engine.api.update_container(
                        name, restart_policy={"Name": policy}, cpu_shares=shares
                    )
                    return
                except APIError as error:
                    if ENDED not in str(error) or time.monotonic() > deadline:
                        raise
                    time.sleep(0.05)

    def remove_volume(self, name: str) -> None:
        failing = self.engine.errors(f"does not remove the volume {name}")
        with failing, contextlib.suppress(NotFound):
            self.engine.api.remove_volume(name)

    # Commands inside

    def execute(self, name: str, command: tuple[str, ...], timeout: int) -> Outcome:
        bounded = ("timeout", "-k", "2", str(timeout), *command)
        exit_code, output = self._execs.run(name, bounded, timeout)
        text = answers.text(output)
        if exit_code != 0 and text.startswith(REFUSED):
            raise BackendError(f"the engine cannot run {command[0]} in {name}: {text}")
        if exit_code in (None, 124, 137):
            text = f"{text}\n{command[0]} did not end within {timeout} s".strip()
        return Outcome(124 if exit_code is None else exit_code, text)

    def usage(self, name: str) -> Usage | None:
        return answers.usage(self._execs.stats(name))

    def happenings(self) -> Happenings:
        return happenings(self.engine)

    def run(self, instance: Instance, timeout: int) -> Outcome:
        self._discard(instance.name)
        self._launch(launch.in_parts(instance, self._powers.lacking))
        try:
            self.start(instance.name)
            with self.engine.errors(f"does not wait for {instance.name}"):
                exit_code = self._wait(instance.name, timeout)
                output = self.engine.api.logs(instance.name, tail=200)
        finally:
            self._discard(instance.name)
        text = answers.text(output)
        if exit_code is None:
            return Outcome(124, f"{text}\nit did not end within {timeout} s".strip())
        return Outcome(exit_code, text)

    def _wait(self, name: str, timeout: int) -> int | None:
        """Its exit code; None if it has not ended by then."""
        deadline = time.monotonic() + timeout
        try:
            return self.engine.api.wait(name, timeout=timeout)["StatusCode"]
        except (requests.ReadTimeout, requests.ConnectionError):
            if time.monotonic() < deadline:  # the engine has gone
                raise
            return None

    def logs(
        self, name: str, tail: int | None = None, since: float | None = None,
        until: float | None = None, follow: bool = False,
    ) -> Iterator[tuple[str, str]]:
        asked = {"tail": "all" if tail is None else tail, "since": since, "until": until}
        patience = None if follow else self.timeout
        with contextlib.closing(self.engine.connect(patience)) as api:
            with self.engine.errors(f"does not show the log of {name}"):
                try:
                    yield from log.read(api, name, follow=int(follow), **asked)
                except APIError as error:
                    if "not support reading" not in str(error.explanation):
                        raise
                    raise log.unreadable(self.engine.api.inspect_container(name)) from None

    def shell(self, name: str, command: tuple[str, ...], tty: bool) -> tuple[str, ...]:
        client = shutil.which("docker")
        if client is None:
            raise BackendError(
                "the docker command is not installed", "apt-get install docker.io (or docker-cli)"
            )
        flags = ("-it",) if tty else ("-i",)
        return (client, "-H", self.url, "exec", *flags, name, *command)

    def version(self) -> str:
        with self.engine.errors("does not tell its version"):
            return f"Docker {self.engine.api.version()['Version']}"

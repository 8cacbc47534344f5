"""Carries out operations on containers that compose makes."""

import functools
import pathlib
from typing import Any

from kolla.backends.compose import project
from kolla.backends.compose.command import CLASSIC, OLDEST, Compose, find
from kolla.backends.compose.project import Project
from kolla.backends.docker.backend import DockerBackend
from kolla.backends.docker.launch import UNMASKED, in_parts, shares
from kolla.compose import dotenv
from kolla.compose.document import plain_json
from kolla.compose.service import escaped, service, spec_labels, volumes
from kolla.files import write_whole
from kolla.plugin.backend import Configured
from kolla.plugin.instance import Instance
from kolla.plugin.reports import STOPPED as STAYS_STOPPED
from kolla.plugin.reports import ALWAYS, NEVER, BackendError, Observed, Restart
from kolla.plugin.spec import SPEC, Spec, describe_image

#: Seconds that compose may take beyond what the engine has for an answer.
MARGIN = 60
PROJECT = "com.docker.compose.project"
#: By restart policy: what the compose file says of a generation.
_STATES = {ALWAYS: project.CURRENT, STAYS_STOPPED: project.STOPPED, NEVER: project.KEPT}


class ComposeBackend(DockerBackend):
    """Containers of a compose file, on one engine.

    One-shot tasks are no services, because no operator could start them at the right moment.
    They are launched directly.
    """

    name = "compose"

    def __init__(
        self, url: str, timeout: int, project: Project, catalog: Any, command: str = "",
    ):
        super().__init__(url, timeout)
        self.project, self._catalog, self._command = project, catalog, command

    @classmethod
    def from_settings(cls, settings: Configured) -> "ComposeBackend":
        state_dir = pathlib.Path(settings.value("DEFAULT", "state_dir"))
        name = settings.value("compose", "project")
        return cls(
            settings.value("docker", "url"), settings.value("docker", "timeout"),
            Project(state_dir, name, settings.host), settings.catalog,
            settings.value("compose", "command"),
        )

    @functools.cached_property
    def compose(self) -> Compose:
        return find(self._command, self.project.folder / "programs.json")

    def require(self, spec: Spec) -> None:
        granted = {item.kind for item in spec.privileges}
        beyond = [reason for told, reason in (
            ("cgroup" in granted, "the host's cgroups (cgroup: host)"),
            (UNMASKED in spec.security or "privileged" in granted and self._powers.lacking,
             f"unmasked system paths ({UNMASKED})"),
        ) if told]
        if self.compose.classic and beyond:
            raise BackendError(
                f"{spec.container} needs {' and '.join(beyond)}, which docker-compose"
                f" {'.'.join(map(str, CLASSIC))} cannot express",
                f"compose {'.'.join(map(str, OLDEST))} or newer can; so can"
                " [backend] driver = docker",
            )
        super().require(spec)
        self._require_own_project()

    def _require_own_project(self) -> None:
        name = self.project.name
        with self.engine.errors("does not list its containers"):
            rows = self.engine.api.containers(all=True, filters={"label": f"{PROJECT}={name}"})
        others = [row for row in rows if "kolla.container" not in row["Labels"]]
        if others:
            folder = others[0]["Labels"].get(f"{PROJECT}.working_dir", "elsewhere")
            raise BackendError(
                f"the compose project {name!r} is in use elsewhere: {folder} has the container"
                f" {others[0]['Names'][0].lstrip('/')} in it",
                "give kolla's another name: [compose] project",
            )

    def observe(self, container: str | None = None) -> list[Observed]:
        self.project.notice()
        return super().observe(container)

    def create(self, instance: Instance) -> None:
        """Have compose create it with the restart policy of a current generation.

        So compose sees no change once the file says that it is current. The engine starts no
        container by itself that was never started.
        """
        if not self._made(instance):
            file = self._lay_out(in_parts(instance, self._powers.lacking))
            for name, _ in instance.volumes:
                with self.engine.errors(f"does not make the volume {name}"):
                    self.engine.api.create_volume(name)
            self.compose.create(
                file, instance.name, self.project.name, self.url, self.timeout + MARGIN
            )
        self._update(instance.name, NEVER, shares(instance))

    def _lay_out(self, instance: Instance) -> pathlib.Path:
        """Write what compose reads into the folder of the generation; returns the compose file."""
        folder = self.project.place(instance.name)
        env_file, labels = folder / "secrets.env", folder / "labels.json"
        secrets = {key: instance.environment[key] for key in instance.secrets}
        if secrets:
            write_whole(env_file, dotenv.text(secrets, self.compose.classic).encode())
        write_whole(labels, plain_json(spec_labels(instance)))
        made = service(instance, env_file, labels)
        content = {
            "services": {instance.name: made}, **volumes([made]),
            project.FACTS: escaped(self._facts(instance)),
        }
        write_whole(folder / project.SERVICE, plain_json(content))
        return folder / project.SERVICE

    def _facts(self, instance: Instance) -> dict:
        name = instance.labels["kolla.container"]
        spec = Spec.from_json(instance.labels[SPEC])
        number, image = int(instance.labels["kolla.generation"]), describe_image(spec)
        if name not in self._catalog.containers:  # left over of a plugin that is gone
            comments = [f"{name}: no plugin here declares it", f"image {image}"]
            return {"path": (name,), "generation": number, "comments": comments}
        return {
            "path": self._catalog.path(name),
            "generation": number,
            "comments": [
                f"{name}: {self._catalog.containers[name].summary}",
                f"plugin {self._catalog.distribution(name)}; image {image}",
            ],
        }

    def set_restart(self, name: str, policy: str) -> None:
        # The file first: until the engine has the policy, recovery does both again.
        self.project.keep(name, _STATES[Restart(policy)])
        super().set_restart(name, policy)

    def forget(self, name: str) -> None:
        self.project.drop(name)

    def remove(self, name: str) -> None:
        self.project.drop(name)
        super().remove(name)

    def version(self) -> str:
        return f"{super().version()}, compose {self.compose.version}"

"""From a spec to what the engine is given, and what happens to its folder later."""

import dataclasses
import logging
import pathlib

from kolla.backends.dumps import Dumps
from kolla.backends.layout import GENERATION_FOLDER, JOINED, OWN, Layout
from kolla.backends.survivors import survivors
from kolla.errors import KollaError
from kolla.files import remove_folder, write_whole
from kolla.plugin import Task
from kolla.plugin.backend import Configured
from kolla.plugin.instance import Instance, granted
from kolla.plugin.spec import SPEC, Spec
from kolla.store.state_dir import StateDir

LOG = logging.getLogger(__name__)

#: The end of the name of a folder that is to be deleted.
DISCARDED = ".discarded"
#: Below the folder of a generation: a folder for each container in whose place its tasks run.
PLACES = "places"
#: Where a dump task finds the folder to write to.
DUMPS = "/var/lib/kolla/dumps"
#: Where an image may read secret variables, each as NAME=VALUE and a zero byte.
SECRETS = "/var/lib/kolla/secrets"


def engine_name(container: str, generation: int, task: str = "") -> str:
    """``glance-api-g42``; never re-used for anything else."""
    return f"{container}-g{generation}" + (f"-{task}" if task else "")


class Instances:
    """Makes instances of specs, with their files below ``state_dir``."""

    def __init__(self, state_dir: pathlib.Path, settings: Configured):
        self.state_dir, self.settings = state_dir, settings
        self._places = StateDir(state_dir)
        self._layout = Layout(state_dir, settings)

    @property
    def dumps(self) -> Dumps:
        """The dumps of this host."""
        return Dumps(self._places.dumps, self.settings.value("engine", "keep_generations"))

    def make(self, spec: Spec, generation: int) -> Instance:
        """The generation itself. Raises :class:`KollaError` if a secret is missing."""
        self._layout.forget_keys(spec, self.home(spec.container, generation))
        made = self._instance(spec, generation, dict(spec.environment), spec.command)
        if not spec.strategy.waits:  # no operation will have it join
            self.mark_joined(spec.container, generation)
        return dataclasses.replace(made, in_background=spec.strategy.waits)

    def task(
        self, spec: Spec, generation: int, task: Task, phase: str, target: Spec,
        place: Spec | None = None,
    ) -> Instance:
        """A one-shot command of a generation, from its image or in the place of another one."""
        place = place or spec
        environment = {
            **place.environment, **task.environment,
            **given_to_a_task(target, self.settings.value("engine", "lock_timeout")),
        }
        made = self._instance(place, generation, environment, task.command, task.name, spec)
        made = dataclasses.replace(made, in_background=True)
        if self._may_dump(spec, phase):
            return self._with_dumps(made, spec, generation)
        return made

    def _may_dump(self, spec: Spec, phase: str) -> bool:
        """Whether there is room for a dump: a bootstrap may find data of an earlier release."""
        wanted = self.settings.value("engine", "dump_before_upgrade")
        return wanted and bool(spec.tasks.get("dump")) and phase in ("bootstrap", "dump")

    def _with_dumps(self, made: Instance, spec: Spec, generation: int) -> Instance:
        inbox = self._inboxes(spec.container, generation) / project_of(spec)
        owner = 0 if "root" in made.privileges else made.user
        folder = self._layout.owned(inbox, owner, 0o700)
        return dataclasses.replace(
            made, binds=(*made.binds, (str(folder), DUMPS, "rw")),
            environment={**made.environment, "KOLLA_DUMPS_KEPT": str(self.dumps.kept)},
        )

    def _inboxes(self, container: str, generation: int) -> pathlib.Path:
        return self.home(container, generation) / "dumps"

    def survivors(self, spec: Spec, number: int) -> tuple[str, ...]:
        """The processes that outlive a generation which has ended, ``NAME (PID)``."""
        if not spec.outlived_by:
            return ()
        own = self.home(spec.container, number) / OWN
        return survivors(own, GENERATION_FOLDER, spec.outlived_by)

    def end_task(self, container: str, generation: int, task: str) -> None:
        """After a task, whether it failed or not: keep its dumps, and delete its secrets."""
        self.dumps.take_in(self._inboxes(container, generation))
        self._secrets(container, generation, task).unlink(missing_ok=True)
        if (places := self.home(container, generation) / PLACES).exists():
            remove_folder(places)

    def mark_joined(self, container: str, generation: int, joined: bool = True) -> None:
        """Have a generation join by itself whenever the engine restarts it, or not."""
        path = self.home(container, generation) / OWN / JOINED
        if joined:
            write_whole(path, b"", 0o644)
        else:
            path.unlink(missing_ok=True)

    def set_aside(self, container: str, generation: int) -> None:
        """Rename the folder of a generation, for :meth:`purge`; its dumps are kept."""
        self.dumps.take_in(self._inboxes(container, generation))
        folder = self.home(container, generation)
        try:
            folder.rename(folder.with_name(folder.name + DISCARDED))
        except FileNotFoundError:
            pass
        except OSError as error:
            LOG.warning("%s is not set aside: %s", folder, error.strerror)

    def purge(self, container: str) -> None:
        """Delete the folders that were set aside.

        If one cannot be deleted, the log says so, and the next recovery tries again.
        """
        for folder in self.home(container, 0).parent.glob(f"*{DISCARDED}"):
            try:
                remove_folder(folder)
            except KollaError as error:
                LOG.warning("%s; the next command on %s tries again", error.message, container)

    def home(self, container: str, generation: int) -> pathlib.Path:
        return self._places.generation(container, generation)

    def _instance(
        self, spec: Spec, generation: int, environment: dict, command: tuple[str, ...],
        task: str = "", owner: Spec | None = None,
    ) -> Instance:
        owner = owner or spec
        home = self.home(owner.container, generation)
        if owner.container != spec.container:
            home = home / PLACES / spec.container
        labels = {"kolla.container": owner.container, "kolla.generation": str(generation)}
        labels |= {"kolla.task": task} if task else {SPEC: spec.to_json()}
        # An option of a service that is no longer set has the service's own default.
        environment = {
            key: text for key, text in environment.items() if not self.settings.taken_out(text)
        }
        values = {key: self.settings.reveal(text) for key, text in environment.items()}
        secrets = frozenset(
            key for key, text in environment.items() if self.settings.references(text)
        )
        binds = self._layout.binds(spec, home)
        if spec.secrets_in == "file" and secrets:
            hidden = {key: values.pop(key) for key in sorted(secrets)}
            place = self._secrets(owner.container, generation, task)
            text = "".join(f"{key}={value}\0" for key, value in hidden.items())
            write_whole(place, text.encode(), 0o400, owner=spec.owner)
            binds, secrets = (*binds, (str(place), SECRETS, "ro")), frozenset()
        return Instance(
            name=engine_name(owner.container, generation, task),
            image=spec.image_id,
            user=spec.user,
            environment=values | given(spec, generation, owner),
            labels=labels,
            command=command,
            binds=binds,
            volumes=tuple((volume.name, volume.path) for volume in spec.volumes),
            scratch={scratch.path: scratch.size for scratch in spec.scratch},
            **granted(spec.privileges),
            limits=spec.limits,
            stop_grace=spec.stop_grace,
            security=spec.security,
            log_driver=spec.log["driver"],
            log_options={key: text for key, text in spec.log.items() if key != "driver"},
            secrets=secrets,
        )

    def _secrets(self, container: str, generation: int, task: str) -> pathlib.Path:
        name = f"secrets-{task}" if task else "secrets"
        return self.home(container, generation) / name


def given(spec: Spec, generation: int, owner: Spec) -> dict[str, str]:
    """The variables that kolla adds to those of a spec, which runs for ``owner``."""
    found = {
        "KOLLA_CONTAINER": owner.container, "KOLLA_PROJECT": project_of(owner),
        "KOLLA_GENERATION": str(generation), "KOLLA_RELEASE": spec.release,
    }
    if spec.granted("pid"):  # tini is not its first process then
        found["TINI_SUBREAPER"] = ""
    if memory := spec.limits.get("memory"):
        found["KOLLA_MEMORY_LIMIT"] = str(memory)
    return found


def given_to_a_task(target: Spec, lock_timeout: int) -> dict[str, str]:
    """The variables that tell a task what its container is to run next."""
    return {
        "KOLLA_TARGET_RELEASE": target.release, "KOLLA_TARGET_VERSION": target.version,
        "KOLLA_LOCK_TIMEOUT": str(lock_timeout),
    }


def project_of(spec: Spec) -> str:
    """The name that dumps and ledgers are kept under: that of the software."""
    return spec.project or spec.container

"""One host's deployment: everything a command needs, made when it is first asked for."""

import collections
import functools
import json
import pathlib
import threading
from collections.abc import Mapping

from kolla.catalog import naming
from kolla.catalog.catalog import Catalog
from kolla.errors import KollaError, UsageError, nearest
from kolla.files import write_whole
from kolla.hooks import Hooks
from kolla.plugin import Container
from kolla.plugin.backend import Backend, Stranger
from kolla.plugin.event import Event
from kolla.plugin.spec import labelled
from kolla.settings import Settings
from kolla.store.records import Record, who
from kolla.store.store import Store
from kolla.times import now

OPTION_LIST = "/usr/share/kolla/options.json"
#: What hooks and metrics call an action.
KINDS = {
    "start": "started", "stop": "stopped", "restart": "restarted", "upgrade": "upgraded",
    "rollback": "rolled back", "delete": "deleted", "confirm": "confirmed",
    "recover": "recovered", "give up": "failed",
}


class Deployment:
    """The configuration, the tree, the state and the engine of this host."""

    def __init__(
        self,
        config_dir: pathlib.Path | str = "/etc/kolla",
        host: str | None = None,
        overrides: Mapping[str, str] | None = None,
    ):
        self.config_dir = pathlib.Path(config_dir)
        self._host, self._overrides = host, dict(overrides or {})
        self._making_hooks = threading.Lock()
        self._backends: dict[str, Backend] = {}

    @functools.cached_property
    def catalog(self) -> Catalog:
        return Catalog.load()

    @functools.cached_property
    def settings(self) -> Settings:
        if self._host is not None:
            self._require_host_file(self.config_dir / "hosts")
        return Settings.load(self.catalog, self.config_dir, self._host, self._overrides)

    def _require_host_file(self, folder: pathlib.Path) -> None:
        known = [path.stem for path in folder.glob("*.conf")]
        if self._host not in known:
            raise UsageError(
                f"there is no {folder / self._host}.conf{nearest(self._host, known)}",
                "--host names the host whose file is read",
            )

    @functools.cached_property
    def state_dir(self) -> pathlib.Path:
        return pathlib.Path(self.settings.value("DEFAULT", "state_dir"))

    @functools.cached_property
    def store(self) -> Store:
        return Store(self.state_dir)

    @functools.cached_property
    def backend(self):
        """The backend that new generations are made with; it sees those of all others."""
        return self.backend_of(self.settings.value("backend", "driver"))

    def backend_of(self, name: str):
        """The backend that a generation remembers; KollaError if it is unknown or broken."""
        if name not in self._backends:
            made = self.catalog.backend(name).from_settings(self.settings)
            made.name = made.name or name
            # What has two names is made once.
            self._backends[name] = self._backends.setdefault(made.name, made)
        return self._backends[name]

    @functools.cached_property
    def locks(self):
        from kolla.store.locks import Locks

        return Locks(self.state_dir / "locks", self.settings.value("engine", "lock_timeout"))

    @functools.cached_property
    def archive(self):
        """The logs of generations that are gone."""
        from kolla.logs.archive import Archive

        return Archive.from_settings(self.state_dir / "archive", self.settings)

    @functools.cached_property
    def logs(self):
        """All logs there are."""
        from kolla.logs.sources import Sources

        return Sources(self.backend, self.archive)

    @functools.cached_property
    def instances(self):
        from kolla.backends.instances import Instances

        return Instances(self.state_dir, self.settings)

    def require_valid(self, container: Container | None = None, options=None) -> None:
        """Raise :class:`kolla.settings.Invalid` if anything in the configuration is wrong.

        With a container and the option list of its image: if anything in that service's
        options is. A broken plugin does not stop the others.
        """
        if container is None:
            self.settings.require_valid()
        else:
            self.settings.require_valid_service(container, options)

    @functools.cached_property
    def choose(self):
        """The containers that a command means."""
        from kolla.cli.selection import Selection

        return Selection(self)

    # What is there

    def gather(self, names: list[str]) -> dict:
        """The :class:`kolla.plans.plan.State` of each, with one call to the engine."""
        seen = collections.defaultdict(list)
        for item in self.backend.observe():
            seen[item.container].append(item)
        return {name: self._state(name, seen[name]) for name in names}

    def recorded(self, name: str):
        """The :class:`kolla.plans.plan.State` of one as far as it is on record."""
        return self._state(name, [])

    def inspect(self, name: str):
        """The :class:`kolla.plans.plan.State` of one, with restart policies."""
        seen = [item for item in self.backend.observe() if item.container == name]
        inspected = (self.backend.inspect(item.name) for item in seen)
        return self._state(name, [item for item in inspected if item])

    def strangers(self) -> list[Stranger]:
        """Containers with labels of kolla that it leaves alone, and why."""
        return self.backend.strangers() + [
            Stranger(seen.name, "the state file does not know it, and its label cannot be read")
            for seen in self.backend.observe()
            if not seen.task and not self.store.has(seen.container, seen.generation)
            and labelled(seen.labels) is None
        ]

    def _state(self, name: str, seen: list):
        from kolla.plans.plan import State

        record = self.store.container(name)
        generations = {g.number: g for g in self.store.generations(name)}
        return State(
            record=record,
            generations=generations,
            observed={
                item.generation: item for item in seen
                if not item.task and (item.generation in generations or labelled(item.labels))
            },
            tasks=tuple(item for item in seen if item.task),
            highest=max(record.last_number, self.store.numbers.highest(name)),
            keep=self.settings.value("engine", "keep_generations"),
        )

    def records(self) -> dict[str, Record]:
        return {record.name: record for record in self.store.containers()}

    def notify(self, steps, outcome: str, detail: str) -> None:
        """Tell the hooks of what was done, or tried."""
        name = steps.container
        above = "/".join(self.catalog.path(name)[:-1])
        self.hooks.tell(Event(
            now(), who(), KINDS[steps.action], name, above, steps.after, outcome, detail
        ))

    @property
    def hooks(self) -> Hooks:
        """Who is told of events; made by the first of several threads that asks."""
        with self._making_hooks:
            return self._hooks

    @functools.cached_property
    def _hooks(self) -> Hooks:
        return Hooks(self.catalog, self.settings)

    def close(self, timeout: float | None = None) -> None:
        """Wait ``timeout`` seconds at most for the hooks that are still at work.

        None: as long as ``[hooks] wait`` says. The state file is closed.
        """
        if "_hooks" in vars(self):
            self._hooks.close(timeout)
        if "store" in vars(self):
            self.store.close()

    # Images

    def reference(self, container: Container, release: str) -> str:
        return naming.reference(
            container.image, release, self.settings.value("images", "namespace")
        )

    def kept_reference(self, container: str, generation: int) -> str:
        """The name that protects the image of a generation from every prune."""
        return f"{self.settings.value('images', 'namespace')}-generation/{container}:{generation}"

    def known_options(self, container: Container) -> dict | None:
        """The options of the service in the container's image; None if it is not built."""
        pin = self.store.container(container.name)
        release = pin.release_pin or self.settings.value("DEFAULT", "release")
        facts = self.backend.image(pin.image_pin or self.reference(container, release))
        return None if facts is None else self.options_of(facts.id, container)

    def options_of(self, image_id: str, container: Container) -> dict:
        """The option list in a container's image, kept in the state directory once read."""
        cached = self.state_dir / "options" / f"{image_id.removeprefix('sha256:')}.json"
        if cached.exists():
            return json.loads(cached.read_text())
        content = self.backend.read_file(image_id, OPTION_LIST, container.name) or b"{}"
        write_whole(cached, content)
        return json.loads(content)

    # Secrets

    @functools.cached_property
    def fingerprints(self):
        from kolla.settings.fingerprints import Fingerprints

        return Fingerprints(self.settings, self.state_dir)

    def hide(self, text: str) -> str:
        """A text that may quote a secret, as a service's error may, without it."""
        from kolla.settings.secrets import masked

        return masked(self.settings, text)

    # People

    def shell(self, container: str, command: tuple[str, ...], tty: bool) -> tuple[str, ...]:
        """The command line with which a person enters the current generation."""
        name = self._engine_name(container)
        if not self.backend.inspect(name).running:
            raise KollaError(
                f"{container} is not running", f"`kolla container start {container}` first"
            )
        return self.backend.shell(name, command, tty)

    def _engine_name(self, container: str) -> str:
        from kolla.backends.instances import engine_name

        number = self.store.container(container).current
        if number is None:
            raise KollaError(
                f"{container} has no generation yet", f"`kolla container start {container}`"
            )
        name = engine_name(container, number)
        if self.backend.inspect(name) is None:
            raise KollaError(
                f"generation {number} of {container} is not on the engine",
                f"`kolla container history {container}` tells what became of it",
            )
        return name

"""One host's deployment: everything a command needs, made when it is first asked for."""

import contextlib
import functools
import os
import pathlib
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

from kolla.catalog.catalog import Catalog
from kolla.catalog.leftovers import left_over
from kolla.errors import KollaError
from kolla.hooks import Hooks
from kolla.settings import Settings
from kolla.settings.in_force import InForce
from kolla.settings.problems import Invalid
from kolla.store.state_dir import StateDir, require_private
from kolla.store.store import Store

if TYPE_CHECKING:  # a command that only lists needs none of these
    from kolla.backends.instances import Instances
    from kolla.logs.archive import Archive
    from kolla.logs.sources import Sources
    from kolla.plugin.backend import Backend
    from kolla.settings.fingerprints import Fingerprints
    from kolla.store.copies import Copies
    from kolla.store.locks import Locks
    from kolla.store.published import Published


class Deployment:
    """The configuration, the tree, the state and the engine of this host."""

    def __init__(
        self,
        config_dir: pathlib.Path | str = "/etc/kolla",
        host: str | None = None,
        overrides: Mapping[str, str] | None = None,
        is_copy: bool = False,
    ):
        self.config_dir = pathlib.Path(config_dir).absolute()
        self._host, self._overrides = host, dict(overrides or {})
        #: Whether it is the copy for readers: no engine, no secrets, nothing to change.
        self.is_copy = is_copy
        self._making_hooks = threading.Lock()
        self._backends: dict[str, "Backend"] = {}

    @functools.cached_property
    def installed(self) -> Catalog:
        """What the plugins declare."""
        return Catalog.load()

    @functools.cached_property
    def catalog(self) -> Catalog:
        """What the plugins declare, and what is left over of plugins that are gone."""
        if not StateDir(self.state_dir).database.exists():  # nor does reading make it
            return self.installed
        return self.installed.including(left_over(self.installed, self.store))

    @functools.cached_property
    def configuration(self) -> InForce:
        """Today's configuration, or the last valid one."""
        return InForce(self.installed, self.config_dir, self._host, self._overrides)

    @property
    def settings(self) -> Settings:
        return self.configuration.settings

    @functools.cached_property
    def state_dir(self) -> pathlib.Path:
        return require_private(pathlib.Path(self.settings.value("DEFAULT", "state_dir")))

    @functools.cached_property
    def store(self) -> Store:
        return Store(self.state_dir)

    @functools.cached_property
    def copies(self) -> "Copies":
        """Copies of the state file."""
        from kolla.store.copies import Copies

        places, keep = StateDir(self.state_dir), self.settings.value("engine", "keep_copies")
        return Copies(places.database, places.copies, keep)

    @functools.cached_property
    def backend(self) -> "Backend":
        """The backend that new generations are made with; it sees those of all others."""
        return self.backend_of(self.settings.value("backend", "driver"))

    def backend_of(self, name: str) -> "Backend":
        """The backend that a generation remembers.

        KollaError if it is unknown or broken, or if this is the copy for readers.
        """
        if self.is_copy:
            raise KollaError("only root may ask the engine", "run it as root: `sudo kolla ...`")
        if name not in self._backends:
            made = self.installed.backend(name).from_settings(self.settings)
            made.name = made.name or name
            # What has two names is made once.
            self._backends[name] = self._backends.setdefault(made.name, made)
        return self._backends[name]

    @functools.cached_property
    def locks(self) -> "Locks":
        from kolla.store.locks import Locks

        return Locks(StateDir(self.state_dir).locks, self.settings.value("engine", "lock_timeout"))

    @functools.cached_property
    def archive(self) -> "Archive":
        """The logs of generations that are gone."""
        from kolla.logs.archive import Archive

        return Archive.from_settings(StateDir(self.state_dir).archive, self.settings)

    @functools.cached_property
    def logs(self) -> "Sources":
        """All logs there are."""
        from kolla.logs.sources import Sources

        return Sources(self.backend, self.archive)

    @functools.cached_property
    def instances(self) -> "Instances":
        from kolla.backends.instances import Instances

        return Instances(self.state_dir, self.settings)

    @property
    def hooks(self) -> Hooks:
        """Who is told of events; made by the first of several threads that asks."""
        with self._making_hooks:
            return self._hooks

    @functools.cached_property
    def _hooks(self) -> Hooks:
        return Hooks(self.catalog, self.settings, self.hide)

    def close(self, timeout: float | None = None) -> None:
        """Wait ``timeout`` seconds at most for the hooks that are still at work.

        None: as long as ``[hooks] wait`` says. The state file is closed.
        """
        if "_hooks" in vars(self):
            self._hooks.close(timeout)
        if "store" in vars(self):
            self.store.close()
            with contextlib.suppress(Invalid):
                self.publish()

    def publish(self) -> None:
        """Show readers the state as it is now, if this user may; that stops no work."""
        if os.geteuid() == 0 and not self.is_copy:
            self._published.show()

    @functools.cached_property
    def _published(self) -> "Published":
        from kolla.store.published import Published

        value = self.settings.value
        return Published(
            self.state_dir, pathlib.Path(value("DEFAULT", "readers_dir")),
            value("DEFAULT", "readers"),
        )

    # Secrets

    @functools.cached_property
    def fingerprints(self) -> "Fingerprints":
        from kolla.settings.fingerprints import Fingerprints

        return Fingerprints(self.settings, self.state_dir)

    def hide(self, text: str) -> str:
        """A text that may quote a secret, as a service's error may, without it."""
        from kolla.settings.secrets import masked

        return masked(self.settings, text)

"""The settings of one host, from all their sources."""

import contextlib
import dataclasses
import functools
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from kolla.errors import UsageError
from kolla.plugin import Container, Listen
from kolla.plugin.declarations.hosts import EachHost
from kolla.settings import services, sources, templates
from kolla.settings.configured import check_overrides
from kolla.settings.enabled import enabled
from kolla.settings.filled import Options, filled
from kolla.settings.hosts import Hosts
from kolla.settings.option_values import OptionValues
from kolla.settings.problems import Invalid, Problem
from kolla.settings.services import ServiceOption
from kolla.settings.texts import Texts
from kolla.store.option_lists import OptionLists
from kolla.store.state_dir import StateDir

if TYPE_CHECKING:
    from kolla.catalog.catalog import Catalog
    from kolla.plugin.cloud import Cloud

DEFAULT_CONFIG_DIR = Path("/etc/kolla")


class Settings(OptionValues):
    """The options of kolla, of all plugins and of the services.

    The sources, strongest first: the command line, the environment
    (``OS_<GROUP>__<OPTION>``), the host's file, kolla.conf.d, kolla.conf, the default.
    ``$name`` in a value stands for another option, as everywhere in oslo.config, but not in
    a secret. An option whose value includes a secret is a secret, too.
    """

    def __init__(
        self, catalog: "Catalog", config_dir: Path, host: str, found: sources.Sources,
        options: Options | None = None,
    ):
        super().__init__(options or catalog.options, found, host, config_dir)
        self.catalog = catalog
        self.config_dir = config_dir
        self.host = host
        self._service_options = services.collect(found)
        self._texts = Texts(self, self._service_options)
        self._known: dict[str, Mapping] = {}

    @classmethod
    def load(
        cls,
        catalog: "Catalog",
        config_dir: Path = DEFAULT_CONFIG_DIR,
        host: str | None = None,
        overrides: Mapping[str, str] | None = None,
    ) -> "Settings":
        """Read everything; ``overrides`` maps ``group.option`` to a value.

        Raises :class:`Invalid` for malformed files, :class:`UsageError` for unknown
        overrides and a missing directory. :meth:`problems` validates the values.
        """
        config_dir = Path(config_dir)
        if not config_dir.is_dir() and config_dir != DEFAULT_CONFIG_DIR:
            raise UsageError(
                f"there is no directory {config_dir}", "--config-dir names that of kolla.conf"
            )
        check_overrides(catalog, overrides or {})
        host, found = sources.gather(catalog.options, config_dir, host, overrides or {})
        if problems := [problem for file in found.files for problem in file.problems]:
            raise Invalid(problems)
        return cls(catalog, config_dir, host, found)

    def value(self, group: str, option: str) -> Any:
        """The value of an option; the files of all hosts make that of an option of each host."""
        opt = self.option(group, option)
        if isinstance(opt, EachHost) and self.sources.find(group, opt) is None:
            return self.hosts.texts(opt, self)
        return super().value(group, option)

    @functools.cached_property
    def hosts(self) -> Hosts:
        """The settings of all hosts."""
        return Hosts(self)

    def filled(self, values: Mapping[str, str]) -> "Settings":
        """The same with other texts for some options (``group.option``), which are not judged."""
        options, found = filled(self.options, self.sources, values)
        made = Settings(self.catalog, self.config_dir, self.host, found, options)
        made.hosts = self.hosts
        return made

    # Options of services

    def learn(self, container: str, known: Mapping) -> None:
        """Take over the option list of a container's image, to validate the service's options."""
        self._known[container] = known

    def hides(self, owner: str, section: str, option: str, text: str) -> bool:
        """Whether a value of an option of a service is a secret; of a project: for any of it."""
        return any(
            services.is_secret(option, text, services.find(known, option))
            for container in self.catalog.of_service(owner)
            for known in [services.find(self._list(container.name), section) or {}]
        )

    def lists(self, owner: str) -> list[Mapping]:
        """The lists of options of the containers of a project that run here, as far as known."""
        return [self._list(container.name) for container in self.catalog.of_service(owner)
                if container in self.enabled()]

    @functools.cached_property
    def option_lists(self) -> OptionLists:
        """The cache of the option lists of images."""
        return OptionLists(StateDir(Path(self.value("DEFAULT", "state_dir"))).options)

    def _list(self, container: str) -> Mapping:
        """The list that was learned, else the last one that was kept; empty without either."""
        if container not in self._known:
            known = None
            with contextlib.suppress(Invalid):  # a wrong state directory is reported elsewhere
                known = self.option_lists.of_container(container)
            self._known[container] = known or {}
        return self._known[container]

    def service_options(self, container: Container) -> dict[tuple[str, str], ServiceOption]:
        """The options of the service itself that kolla.conf sets, by (section, option).

        What is set for the container itself wins over what is set for its project.
        """
        return {
            **self._service_options.get(container.project, {}),
            **self._service_options.get(container.name, {}),
        }

    def enabled(self) -> list[Container]:
        """The containers that run on this host, in the order of the tree."""
        return [*self._enabled]

    @functools.cached_property
    def _enabled(self) -> list[Container]:
        return enabled(
            self.catalog, self.value("host", "enabled"), self.value("host", "disabled")
        )

    # Texts

    def render(self, template: str) -> str:
        """Fill in the options that are no secrets; the result refers to secrets only.

        KollaError if the template is malformed or names an unknown option.
        """
        return self._texts.render(template)

    def reveal(self, rendered: str) -> str:
        """Fill in the secrets as well; KollaError names those that are not set."""
        return self._texts.reveal(rendered)

    def references(self, rendered: str) -> list[str]:
        """The secrets that a rendered text still refers to, as ``group.option``."""
        return templates.references(rendered)

    def secrets_in(self, texts: Iterable[str]) -> list[str]:
        """The secrets that rendered texts refer to, without :meth:`taken_out`."""
        return sorted({
            name for text in texts for name in self.references(text)
            if name not in self.taken_out(text)
        })

    def taken_out(self, rendered: str) -> list[str]:
        """Secret options of services in a text that no file sets any more."""
        return self._texts.taken_out(rendered)

    def is_of_nobody(self, rendered: str) -> bool:
        """Whether a text has the content of a file that no installed plugin names any more."""
        return self._texts.is_of_nobody(rendered)

    def environment(self, container: Container) -> dict[str, str]:
        """The rendered variables of a container: sorted, and equal for equal settings."""
        own = self.service_options(container)
        variables = {
            **container.environment,
            **services.environment(own, self.is_known, self.hides),
        }
        return {name: self.render(variables[name]) for name in sorted(variables)}

    def listens(self, container: Container) -> list[Listen]:
        """The addresses and ports that a container binds, rendered, each once."""
        found: dict[tuple[str, str], Listen] = {}
        for listen in container.listens:
            address, port = self.render(listen.address), self.render(listen.port)
            if port:
                made = dataclasses.replace(
                    listen, address=address, port=port, balanced=self.render(listen.balanced),
                    proxied=self.render(listen.proxied))
                found.setdefault((address, port), made)
        return list(found.values())

    @functools.cached_property
    def cloud(self) -> "Cloud":
        """All hosts, for files that are made of them."""
        from kolla.settings.cloud import SettledCloud  # seldom needed

        return SettledCloud(self)

    # Problems

    def problems(
        self, known_options: Callable[[Container], Mapping | None] = lambda container: None
    ) -> list[Problem]:
        """All problems with the options of kolla, of plugins and of services.

        ``known_options`` returns the option list of a container's image. If it returns None,
        the options of that service are not validated.
        """
        lists = {
            container: known_options(container) for container in self.catalog.containers.values()
            if self.service_options(container)
        }
        for container, known in lists.items():
            if known is not None:
                self.learn(container.name, known)
        found = self._checks.all_problems(self)
        for container, known in lists.items():
            found += self._checks.of_service(self, container, known)
        return list(dict.fromkeys(found))

    def notes(self) -> list[Problem]:
        """Warnings: they keep nothing from working."""
        return self._checks.notes(self)

    def require_valid(self) -> None:
        """Raise :class:`Invalid` if options of kolla or the plugins have problems."""
        if found := self._checks.obstacles(self):
            raise Invalid(found)

    def require_correct(self) -> None:
        """Raise :class:`Invalid` if a name or a value would be wrong on any host."""
        if found := self._checks.mistakes(self):
            raise Invalid(found)

    def require_valid_service(self, container: Container, known: Mapping | None) -> None:
        """Raise :class:`Invalid` if options of a service do not fit the list of its image."""
        if found := self._checks.of_service(self, container, known):
            raise Invalid(found)

    def blame_plugin(self, container: Container, message: str) -> Problem:
        """A problem of the plugin that declares a container."""
        distribution = self.catalog.distribution(container.name)
        return Problem(f"plugin {container.name!r} of {distribution!r}", None, message)

    # Helpers

    @functools.cached_property
    def _checks(self) -> ModuleType:
        from kolla.settings import checks  # commands that only show need no checks

        return checks

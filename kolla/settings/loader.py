"""The settings of one host, from all their sources."""

import contextlib
import functools
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oslo_config import cfg

from kolla.errors import KollaError, UsageError, nearest
from kolla.plugin import Container
from kolla.settings import services, sources, templates, values
from kolla.settings.configured import check_overrides, configured
from kolla.settings.problems import Invalid, Problem
from kolla.settings.secrets import Secrets
from kolla.settings.services import ServiceOption
from kolla.store.option_lists import OptionLists
from kolla.store.state_dir import StateDir

if TYPE_CHECKING:
    from kolla.catalog.catalog import Catalog

DEFAULT_CONFIG_DIR = Path("/etc/kolla")


class Settings:
    """The options of kolla, of all plugins and of the services.

    The sources, strongest first: the command line, the environment
    (``OS_<GROUP>__<OPTION>``), the host's file, kolla.conf.d, kolla.conf, the default.
    ``$name`` in a value stands for another option, as everywhere in oslo.config, but not in
    a secret. An option whose value includes a secret is a secret, too.
    """

    def __init__(self, catalog: "Catalog", config_dir: Path, host: str, found: sources.Sources):
        self.catalog = catalog
        self.config_dir = config_dir
        self.host = host
        self.sources = found
        self.options = catalog.options
        self._secrets = Secrets(catalog.options, found)
        self.conf = configured(catalog.options, found, host, config_dir)
        self._service_options = services.collect(found)
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
        host, found = gather(catalog, config_dir, host, overrides or {})
        if problems := [problem for file in found.files for problem in file.problems]:
            raise Invalid(problems)
        return cls(catalog, config_dir, host, found)

    # Values

    def value(self, group: str, option: str) -> Any:
        """The effective value of an option of kolla or of a plugin.

        KollaError if there is no such option; :class:`Invalid` if its value is of the
        wrong type.
        """
        opt = self._option(group, option)
        try:
            found = self.conf[opt.dest] if group == "DEFAULT" else self.conf[group][opt.dest]
            return self._decided(found) if isinstance(found, str) and not opt.secret else found
        except RecursionError:
            raise Invalid([self.blame(group, option, "stands for itself")]) from None
        except (ValueError, cfg.Error) as error:
            origin = self.sources.find(group, opt)
            text = origin.text if origin else str(opt.default)
            for name in filter(self._is_known, values.taken_in(group, text)):
                self.value(*_split(name))  # to blame if its own value is wrong
            flaw = values.describe(opt, text, error)
            if origin is None:  # an option inside the default is to blame
                flaw = f"as [{group}] {opt.dest}: {flaw}"
            raise Invalid([self.blame(group, option, flaw)]) from None

    def origin(self, group: str, option: str) -> sources.Origin | None:
        """The place where an option is set; None if its default holds."""
        return self.sources.find(group, self._option(group, option))

    def has(self, group: str, option: str) -> bool:
        return option in self.options.get(group, {})

    @functools.cached_property
    def options_by_file_name(self) -> dict[str, dict[str, tuple[str, cfg.Opt]]]:
        """(group, option) by their names in a file, including deprecated names."""
        known: dict[str, dict[str, tuple[str, cfg.Opt]]] = {}
        for group, opts in self.options.items():
            known.setdefault(sources.normal_group(group), {})
            for opt in opts.values():
                for group_name, name in sources.names_of(group, opt):
                    known.setdefault(sources.normal_group(group_name), {})[name] = group, opt
        return known

    def is_secret(self, group: str, option: str) -> bool:
        return f"{group}.{option}" in self._secrets

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
        everything = self.catalog.subtree(self.catalog.root)
        wanted, unwanted = self._chosen("enabled"), self._chosen("disabled")
        if not self.value("host", "enabled"):
            wanted = {container.name for container in everything}
        return [c for c in everything if c.name in wanted and c.name not in unwanted]

    # Texts

    def environment(self, container: Container) -> dict[str, str]:
        """The rendered variables of a container: sorted, and equal for equal settings."""
        own = self.service_options(container)
        variables = {
            **container.environment,
            **services.environment(own, self._is_known, self.hides),
        }
        return {name: self.render(variables[name]) for name in sorted(variables)}

    def listens(self, container: Container) -> list[tuple[str, str]]:
        """The addresses and ports that a container binds, each once."""
        found = [(self.render(listen.address), self.render(listen.port))
                 for listen in container.listens]
        return list(dict.fromkeys(place for place in found if place[1]))

    def render(self, template: str) -> str:
        """Fill in the options that are no secrets; the result refers to secrets only.

        KollaError if the template is malformed or names an unknown option.
        """
        def value(name: str) -> str | None:
            if name in self._secrets or name.startswith(templates.FILE) or services.split(name)[1]:
                return None
            return templates.as_text(self.value(*_split(name)))

        return _checked(templates.partly, self._decided(template), value)

    def reveal(self, rendered: str) -> str:
        """Fill in the secrets as well; KollaError names those that are not set."""
        found = {name: self._secret(name) for name in self.references(rendered)}
        missing = [name for name, text in found.items() if text is None]
        if missing:
            raise KollaError(
                f"no value is set for the secret {', '.join(missing)}",
                "set it in a file that root alone can read, or have `kolla config passwords` make"
                " it up",
            )
        return _checked(templates.substitute, rendered, found.__getitem__)

    def taken_out(self, rendered: str) -> list[str]:
        """Secret options of services in a text that no file sets any more."""
        return [name for name in self.references(rendered)
                if services.split(name)[1] and self._secret(name) is None]

    def references(self, rendered: str) -> list[str]:
        """The secrets that a rendered text still refers to, as ``group.option``."""
        return templates.references(rendered)

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

    def blame(self, group: str, option: str, message: str) -> Problem:
        """A problem at the place of an option, or of the option that its default refers to."""
        opt, origin = self._option(group, option), self.origin(group, option)
        if origin is None:
            for name in sorted(values.taken_in(group, opt.default)):
                if self._is_known(name):
                    return self.blame(*_split(name), message)
        text = f"[{group}] {opt.dest}: {message}"
        return origin.problem(text) if origin else Problem("default", None, text)

    def blame_plugin(self, container: Container, message: str) -> Problem:
        """A problem of the plugin that declares a container."""
        distribution = self.catalog.distribution(container.name)
        return Problem(f"plugin {container.name!r} of {distribution!r}", None, message)

    # Helpers

    @functools.cached_property
    def _checks(self):
        from kolla.settings import checks  # commands that only show need no checks

        return checks

    def _secret(self, name: str) -> str | None:
        """The value of a secret; None if it, or a secret inside it, is not set."""
        if name.startswith(templates.FILE):
            return self._content(*_split(name.removeprefix(templates.FILE)))
        owner, section = services.split(name)
        if section:
            given = self._service_options.get(owner, {})
            texts = (option.text for key, option in given.items()
                     if services.reference(owner, *key) == name)
            text = next(texts, None)
            return text and self.reveal(self.render(services.literal(text, self._is_known)))
        for other in self._secrets.behind(name):
            if not self.value(*_split(other)) and self._option(*_split(other)).default is None:
                return None
        return templates.as_text(self.value(*_split(name)))

    def _content(self, group: str, option: str) -> str:
        """The content of the file that an option names; binary content survives."""
        path = self.value(group, option)
        try:
            return Path(path).read_bytes().decode("utf-8", errors="surrogateescape")
        except OSError as error:
            raise KollaError(
                f"the file {path}, which [{group}] {option} names, cannot be read: "
                f"{error.strerror}",
                "put it there; `kolla config certificates` makes certificates that are missing",
            ) from None

    def _decided(self, template: str) -> str:
        return templates.decided(
            template, lambda name: templates.as_text(self.value(*_split(name)))
        )

    def _chosen(self, option: str) -> set[str]:
        """The containers that [host] enabled or disabled name, themselves or by their set."""
        known = {**self.catalog.sets, **self.catalog.containers}
        nodes = [known[name] for name in self.value("host", option) if name in known]
        return {leaf.name for node in nodes for leaf in self.catalog.subtree(node)}

    def _is_known(self, name: str) -> bool:
        return self.has(*_split(name))

    def _option(self, group: str, option: str) -> cfg.Opt:
        if group not in self.options:
            raise KollaError(f"there is no group [{group}]{nearest(group, self.options)}")
        known = self.options[group]
        if option not in known:
            raise KollaError(f"there is no option [{group}] {option}{nearest(option, known)}")
        return known[option]


def gather(
    catalog: "Catalog", config_dir: Path, host: str | None, overrides: Mapping[str, str]
) -> tuple[str, sources.Sources]:
    """The name of the host, and the readable files that can set its options."""
    found = sources.Sources(sources.read(sources.common_files(config_dir)), overrides)
    if host is None:
        origin = found.find("host", catalog.options["host"]["name"])
        host = origin.text if origin else socket.gethostname()
    own = config_dir / "hosts" / f"{host}.conf"
    found.files.extend(sources.read(sources.existing(own)))
    return host, found


def _split(name: str) -> tuple[str, str]:
    group, _, option = name.partition(".")
    return group, option


def _checked(substitute, template: str, value) -> str:
    try:
        return substitute(template, value)
    except ValueError as error:
        raise KollaError(
            f"a template is malformed: {error}", "write $$ for a dollar sign"
        ) from None

"""The settings of one host, from all their sources."""

import socket
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oslo_config import cfg

from kolla.errors import KollaError, UsageError
from kolla.names import nearest
from kolla.plugin import Container
from kolla.settings import services, sources, templates, values
from kolla.settings.overrides import check_overrides
from kolla.settings.problems import Invalid
from kolla.settings.secrets import Secrets
from kolla.settings.services import ServiceOption

if TYPE_CHECKING:
    from kolla.catalog import Catalog

DEFAULT_CONFIG_DIR = Path("/etc/kolla")


class Settings:
    """The options of kolla and all plugins, and those of the services.

    From the strongest: the command line, the environment (``OS_<GROUP>__<OPTION>``), the
    host's file, kolla.conf.d, kolla.conf, the default. ``$name`` in a value stands for
    another option, as everywhere in oslo.config, but a secret is taken as it is written.
    An option that takes in a secret is a secret too.
    """

    def __init__(self, catalog: "Catalog", config_dir: Path, host: str, found: sources.Sources):
        self.catalog = catalog
        self.config_dir = config_dir
        self.host = host
        self.sources = found
        self.options = catalog.options
        self._secrets = Secrets(catalog.options, found)
        self.conf = self._configured()
        self._service_options = services.collect(found)

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
        overrides and a missing directory. Values are judged by :meth:`problems`.
        """
        config_dir = Path(config_dir)
        if not config_dir.is_dir() and config_dir != DEFAULT_CONFIG_DIR:
            raise UsageError(
                f"there is no directory {config_dir}", "--config-dir names that of kolla.conf"
            )
        overrides = overrides or {}
        check_overrides(catalog, overrides)
        found = sources.Sources(sources.read(sources.common_files(config_dir)), overrides)
        if host is None:
            origin = found.find("host", catalog.options["host"]["name"])
            host = origin.text if origin else socket.gethostname()
        own = config_dir / "hosts" / f"{host}.conf"
        if own.exists():
            found.files.extend(sources.read([own]))
        return cls(catalog, config_dir, host, found)

    # Values

    def value(self, group: str, option: str) -> Any:
        """The effective value of an option of kolla or of a plugin.

        KollaError if there is no such option; :class:`Invalid` if its value is of the
        wrong type.
        """
        opt = self._option(group, option)
        try:
            return self.conf[opt.dest] if group == "DEFAULT" else self.conf[group][opt.dest]
        except (ValueError, cfg.TemplateSubstitutionError) as error:
            origin = self.sources.find(group, opt)
            flaw = values.describe(opt, origin.text, error.__cause__ or error)
            raise Invalid([origin.problem(f"[{group}] {opt.dest}: {flaw}")]) from None

    def origin(self, group: str, option: str) -> sources.Origin | None:
        """Where an option is set; None if its default holds."""
        return self.sources.find(group, self._option(group, option))

    def is_secret(self, group: str, option: str) -> bool:
        return f"{group}.{option}" in self._secrets

    def service_options(self, container: Container) -> dict[tuple[str, str], ServiceOption]:
        """(section, option) of the service's own configuration, as kolla.conf sets them."""
        return self._service_options.get(container.name, {})

    def enabled(self) -> list[Container]:
        """The containers that run on this host, in the order of the tree."""
        everything = self.catalog.subtree(self.catalog.root)
        wanted = self._chosen("enabled") or {container.name for container in everything}
        unwanted = self._chosen("disabled")
        return [c for c in everything if c.name in wanted and c.name not in unwanted]

    # Texts

    def environment(self, container: Container) -> dict[str, str]:
        """What a container gets, rendered; sorted, and the same for the same settings."""
        own = self.service_options(container)
        variables = {
            **container.environment,
            **services.environment(container, own, self._is_known),
        }
        return {name: self.render(variables[name]) for name in sorted(variables)}

    def render(self, template: str) -> str:
        """Put in the options that are no secrets; the result is a template of secrets only.

        KollaError if the template is malformed or names an unknown option.
        """
        def value(name: str) -> str | None:
            if name in self._secrets or services.split(name)[1]:
                return None
            return templates.as_text(self.value(*_split(name)))

        return _checked(templates.partly, template, value)

    def reveal(self, rendered: str) -> str:
        """Put in the secrets too; KollaError names those that are not set."""
        found = {name: self._secret(name) for name in self.references(rendered)}
        missing = [name for name, text in found.items() if not text]
        if missing:
            raise KollaError(
                f"no value is set for the secret {', '.join(missing)}",
                "`kolla config passwords` fills in what is missing",
            )
        return _checked(templates.substitute, rendered, found.__getitem__)

    def references(self, rendered: str) -> list[str]:
        """The secrets that a rendered text still refers to, as ``group.option``."""
        return templates.references(rendered)

    # How it is done

    def _configured(self) -> cfg.ConfigOpts:
        conf = cfg.ConfigOpts()
        files = [str(file.path) for file in self.sources.files]
        conf([], project="kolla", prog="kolla", default_config_files=files, default_config_dirs=[])
        for group, opts in self.options.items():
            conf.register_opts(list(opts.values()), group=_oslo_group(group))
        conf.set_default("name", self.host, group="host")
        for group, opts in self.options.items():
            for opt in opts.values():
                self._override(conf, group, opt)
        return conf

    def _override(self, conf: cfg.ConfigOpts, group: str, opt: cfg.Opt) -> None:
        """Tell oslo.config what it cannot see, or would not take as it is written."""
        origin = self.sources.find(group, opt)
        if origin is None:
            return
        on_command_line = origin.source == sources.COMMAND_LINE
        several_at_once = opt.multi and origin.line is None
        literal = opt.secret and "$" in "".join(origin.values)
        if not (on_command_line or several_at_once or literal):
            return
        given = [text.replace("$", r"\$") if opt.secret else text for text in origin.values]
        try:
            conf.set_override(opt.dest, given if opt.multi else given[-1], _oslo_group(group))
        except ValueError as error:
            if on_command_line:
                flaw = values.describe(opt, origin.text, error)
                raise UsageError(f"--set {group}.{opt.dest}: {flaw}") from None
            # In a file it is one of the problems.

    def _secret(self, name: str) -> str:
        """The value of a secret; nothing if it, or one that it takes in, is not set."""
        container, section = services.split(name)
        if section:
            options = self._service_options.get(container, {}).items()
            texts = (given.text for key, given in options
                     if services.reference(container, *key) == name)
            return next(texts, "")
        if not all(self.value(*_split(other)) for other in self._secrets.behind(name)):
            return ""
        return templates.as_text(self.value(*_split(name)))

    def _chosen(self, option: str) -> set[str]:
        """The containers that [host] enabled or disabled name, themselves or by their set."""
        known = {**self.catalog.sets, **self.catalog.containers}
        nodes = [known[name] for name in self.value("host", option) if name in known]
        return {leaf.name for node in nodes for leaf in self.catalog.subtree(node)}

    def _is_known(self, name: str) -> bool:
        group, _, option = name.partition(".")
        return option in self.options.get(group, {})

    def _option(self, group: str, option: str) -> cfg.Opt:
        if group not in self.options:
            raise KollaError(f"there is no group [{group}]{nearest(group, self.options)}")
        known = self.options[group]
        if option not in known:
            raise KollaError(f"there is no option [{group}] {option}{nearest(option, known)}")
        return known[option]


def _split(name: str) -> tuple[str, str]:
    group, _, option = name.partition(".")
    return group, option


def _oslo_group(group: str) -> str | None:
    return None if group == "DEFAULT" else group


def _checked(substitute, template: str, value) -> str:
    try:
        return substitute(template, value)
    except ValueError as error:
        raise KollaError(
            f"a template is malformed: {error}", "write $$ for a dollar sign"
        ) from None

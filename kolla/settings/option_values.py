"""The values of the options of kolla and of the plugins, and where each is set."""

import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from oslo_config import cfg

from kolla.errors import KollaError, nearest
from kolla.plugin.forms import SecretType
from kolla.settings import sources, templates, values
from kolla.settings.configured import configured
from kolla.settings.problems import Invalid, Problem
from kolla.settings.secrets import Secrets


class OptionValues:
    """``options`` by group and by the name in a file, with their values on one host."""

    def __init__(
        self, options: Mapping[str, Mapping[str, cfg.Opt]], found: sources.Sources, host: str,
        config_dir: Path,
    ):
        self.options = options
        self.sources = found
        self.secrets = Secrets(options, found)
        self.conf = configured(options, found, host, config_dir)

    def value(self, group: str, option: str) -> Any:
        """The effective value of an option of kolla or of a plugin.

        KollaError if there is no such option; :class:`Invalid` if its value is of the
        wrong type.
        """
        opt = self.option(group, option)
        try:
            found = self.conf[opt.dest] if group == "DEFAULT" else self.conf[group][opt.dest]
            return self.decided(found) if isinstance(found, str) and not opt.secret else found
        except RecursionError:
            raise Invalid([self.blame(group, option, "stands for itself")]) from None
        except (ValueError, cfg.Error) as error:
            origin = self.sources.find(group, opt)
            text = origin.text if origin else str(opt.default)
            for name in filter(self.is_known, values.taken_in(group, text)):
                self.value(*split(name))  # to blame if its own value is wrong
            flaw = values.describe(opt, text, error)
            if origin is None:  # an option inside the default is to blame
                flaw = f"as [{group}] {opt.dest}: {flaw}"
            raise Invalid([self.blame(group, option, flaw)]) from None

    def origin(self, group: str, option: str) -> sources.Origin | None:
        """The place where an option is set; None if its default holds."""
        return self.sources.find(group, self.option(group, option))

    def has(self, group: str, option: str) -> bool:
        return option in self.options.get(group, {})

    def is_known(self, name: str) -> bool:
        return self.has(*split(name))

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

    @functools.cached_property
    def of_nobody(self) -> dict[str, str]:
        """By ``group.option``: what files set in groups that no installed plugin has.

        So a container that is left over of a plugin finds its secrets.
        """
        found = ((sources.normal_group(item.group), item) for item in self.sources.assignments())
        return {
            f"{group}.{item.option}": item.text for group, item in found
            if "/" not in group and group not in self.options_by_file_name
        }

    def is_secret(self, group: str, option: str) -> bool:
        return f"{group}.{option}" in self.secrets

    def has_keys(self, name: str) -> bool:
        """Whether a secret, ``group.option``, is a list of numbered keys."""
        kind = self.option(*split(name)).type if self.is_known(name) else None
        return isinstance(kind, SecretType) and kind.is_keys

    def blame(self, group: str, option: str, message: str, unset: str = "") -> Problem:
        """A problem at the place of an option.

        If it is not set, that is the file ``unset``; without one, the option that its default
        refers to.
        """
        opt, origin = self.option(group, option), self.origin(group, option)
        if origin is None and not unset:
            for name in sorted(values.taken_in(group, opt.default)):
                if self.is_known(name):
                    return self.blame(*split(name), message)
        text = f"[{group}] {opt.dest}: {message}"
        return origin.problem(text) if origin else Problem(unset or "default", None, text)

    def decided(self, template: str, encode: Callable[[str], str] = str) -> str:
        """A text with each choice made: by a boolean option, or of two values."""
        chosen = templates.decided(
            template, lambda name: templates.as_text(self.value(*split(name)))
        )
        return templates.either(chosen, self._open, encode)

    def _open(self, name: str) -> str:
        """The value of an option; KollaError if it is a secret."""
        text = templates.as_text(self.value(*split(name)))
        if self.is_secret(*split(name)):
            raise KollaError(f"{name} is a secret, and no alternative to another option")
        return text

    def option(self, group: str, option: str) -> cfg.Opt:
        """The declaration of an option; KollaError if there is none."""
        if group not in self.options:
            raise KollaError(f"there is no group [{group}]{nearest(group, self.options)}")
        known = self.options[group]
        if option not in known:
            raise KollaError(f"there is no option [{group}] {option}{nearest(option, known)}")
        return known[option]


def split(name: str) -> tuple[str, str]:
    """``keystone.port`` -> group and option."""
    group, _, option = name.partition(".")
    return group, option

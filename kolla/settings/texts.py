"""Fills options and secrets into the texts of plugins and of services."""

import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from kolla.errors import KollaError
from kolla.plugin.declarations.hosts import EachHost
from kolla.settings import services, templates
from kolla.settings.option_values import OptionValues, split
from kolla.settings.services import ServiceOption

#: Looks up a value by its name.
Value = TypeVar("Value")
#: By the owner (a container or a project), the section and the name.
OptionsOfServices = Mapping[str, Mapping[tuple[str, str], ServiceOption]]


class Texts:
    """Templates, rendered with the values of options and the options of services."""

    def __init__(self, options: OptionValues, of_services: OptionsOfServices):
        self._options = options
        self._of_services = of_services
        #: Many containers have the same templates.
        self.render = functools.cache(self._rendered)

    def _rendered(self, template: str) -> str:
        def value(name: str) -> str | None:
            if self._stays(name):
                return None
            return templates.as_text(self._options.value(*split(name)))

        return _checked(templates.partly, self._options.decided(template, templates.escape), value)

    def reveal(self, rendered: str) -> str:
        found, missing = {}, []
        for name in templates.references(rendered):
            text = self._secret(name)
            if text is None:
                missing.append(name)
            else:
                found[name] = text
        if missing:
            raise KollaError(
                f"no value is set for the secret {', '.join(missing)}",
                "; ".join(dict.fromkeys(map(self._way_to_set, missing))),
            )
        return _checked(templates.substitute, rendered, found.__getitem__)

    def taken_out(self, rendered: str) -> list[str]:
        return [name for name in templates.references(rendered)
                if services.split(name)[1] and self._secret(name) is None]

    def is_of_nobody(self, rendered: str) -> bool:
        return any(map(self._is_file_of_nobody, templates.references(rendered)))

    def _is_file_of_nobody(self, name: str) -> bool:
        option = name.removeprefix(templates.FILE)
        return name.startswith(templates.FILE) and not self._options.is_known(option)

    def _way_to_set(self, name: str) -> str:
        by_hand = "set it in a file that root alone can read"
        if not services.split(name)[1] and not self._options.is_known(name):
            return "its plugin is not installed: install it again, then `kolla config passwords`"
        option = self._options.options.get(split(name)[0], {}).get(split(name)[1])
        if isinstance(option, EachHost):
            return (
                f"for a {option.container} that kolla does not run, {by_hand}; else `kolla config"
                " passwords` makes up what it consists of"
            )
        return f"{by_hand}, or have `kolla config passwords` make it up"

    def _stays(self, name: str) -> bool:
        """Whether a reference is to a secret, and stays in a rendered text."""
        of_service = services.split(name)[1]
        is_file = name.startswith(templates.FILE)
        return bool(of_service) or is_file or self._options.is_secret(*split(name))

    def _secret(self, name: str) -> str | None:
        """The value of a secret; None if it, or a secret inside it, is not set."""
        if self._is_file_of_nobody(name):
            return None
        if name.startswith(templates.FILE):
            return self._content(*split(name.removeprefix(templates.FILE)))
        owner, section = services.split(name)
        if section:
            given = self._of_services.get(owner, {})
            texts = (option.text for key, option in given.items()
                     if services.reference(owner, *key) == name)
            text = next(texts, None)
            if not text:
                return text
            return self.reveal(self.render(services.literal(text, self._options.is_known)))
        if not self._options.is_known(name):
            return self._options.of_nobody.get(name)
        for other in self._options.secrets.behind(name):
            value, option = self._options.value(*split(other)), self._options.option(*split(other))
            if not value and option.default is None:
                return None
        return templates.as_text(self._options.value(*split(name)))

    def _content(self, group: str, option: str) -> str:
        """The content of the file that an option names; binary content survives."""
        path = self._options.value(group, option)
        try:
            return Path(path).read_bytes().decode("utf-8", errors="surrogateescape")
        except OSError as error:
            raise KollaError(
                f"the file {path}, which [{group}] {option} names, cannot be read: "
                f"{error.strerror}",
                "put it there; `kolla config certificates` makes certificates that are missing",
            ) from None


def _checked(
    substitute: Callable[[str, Value], str], template: str, value: Value
) -> str:
    try:
        return substitute(template, value)
    except ValueError as error:
        raise KollaError(
            f"a template is malformed: {error}", "write $$ for a dollar sign"
        ) from None

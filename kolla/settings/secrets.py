"""Secret options: those that are marked so, and those whose values include one."""

import contextlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from oslo_config import cfg

from kolla.errors import KollaError
from kolla.plugin import numbered
from kolla.settings import services
from kolla.settings.sources import Sources
from kolla.settings.templates import MASK
from kolla.settings.values import taken_in

if TYPE_CHECKING:
    from kolla.settings.loader import Settings


class Secrets:
    """The names of secret options, ``group.option``."""

    def __init__(self, options: Mapping[str, Mapping[str, cfg.Opt]], sources: Sources):
        self._marked: set[str] = set()
        self._takes_in: dict[str, set[str]] = {}
        for group, opts in options.items():
            for opt in opts.values():
                name = f"{group}.{opt.dest}"
                if opt.secret:
                    self._marked.add(name)
                else:
                    origin = sources.find(group, opt)
                    value = origin.values if origin else opt.default
                    self._takes_in[name] = taken_in(group, value)
        self._names = {name for name in self._takes_in if self.behind(name)} | self._marked

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def behind(self, name: str) -> set[str]:
        """The marked options whose values this option includes, directly or not."""
        found, waiting = set(), [name]
        while waiting:
            current = waiting.pop()
            if current not in found:
                found.add(current)
                waiting += self._takes_in.get(current, ())
        return found & self._marked


def masked(settings: "Settings", text: str) -> str:
    """A text, such as an error of the engine, with all secrets of the settings masked."""
    values = {value for name in _names(settings) for value in _forms(settings, name)}
    for value in sorted(values, key=len, reverse=True):  # a secret may be a part of another
        text = text.replace(value, MASK)
    return text


def _names(settings: "Settings") -> Iterator[str]:
    yield from settings.of_nobody
    for group, opts in settings.options.items():
        yield from (f"{group}.{name}" for name in opts if settings.is_secret(group, name))
    for container in settings.catalog.containers.values():
        for (section, option), given in settings.service_options(container).items():
            if settings.hides(given.owner, section, option, given.text):
                yield services.reference(given.owner, section, option)


def _forms(settings: "Settings", name: str) -> Iterator[str]:
    """A secret as it is and as a URL has it; empty if it is not set, or too short to mask."""
    with contextlib.suppress(KollaError):
        whole = settings.reveal("${%s}" % name)
        keys = numbered.parsed(whole).values() if whole and settings.has_keys(name) else ()
        for value in (whole, settings.reveal("${url:%s}" % name), *keys):
            if len(value) >= 4:
                yield value

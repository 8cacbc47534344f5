"""The settings of all hosts that have a file in hosts/, for what depends on the others."""

import dataclasses
import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from kolla.errors import KollaError
from kolla.plugin import Container
from kolla.plugin.declarations.container import PHASES
from kolla.plugin.declarations.hosts import EachHost
from kolla.settings.problems import Invalid, Problem
from kolla.settings.sources import gather

if TYPE_CHECKING:
    from kolla.settings.loader import Settings


class _Read(NamedTuple):
    """What was read of the files, and why not more."""

    hosts: "dict[str, Settings]"
    problems: list[Problem]


class Hosts:
    """This host and the others; their files are read when they are first asked for."""

    def __init__(self, own: "Settings"):
        self._own = own

    @property
    def all(self) -> "dict[str, Settings]":
        """By name. :class:`Invalid` names each file of another host that cannot be read."""
        if self._read.problems:
            raise Invalid(self._read.problems)
        return self._read.hosts

    @functools.cached_property
    def _read(self) -> _Read:
        names = {path.stem for path in (self._own.config_dir / "hosts").glob("*.conf")}
        read = _Read({}, [])
        for name in sorted({*names, self._own.host}):
            if name == self._own.host:
                read.hosts[name] = self._own
            else:
                self._add(name, read)
        return read

    def _add(self, name: str, read: _Read) -> None:
        own = self._own
        _, found = gather(own.options, own.config_dir, name, {})
        if problems := [problem for file in found.files for problem in file.problems]:
            read.problems.extend(problems)
            return
        # The variables of the environment are those of this host.
        found = dataclasses.replace(found, variables={})
        other = type(own)(own.catalog, own.config_dir, name, found)
        other.hosts = self
        read.hosts[name] = other

    def running(self, container: str) -> "list[Settings]":
        """The hosts that a container runs on."""
        return [host for host in self.all.values() if _runs(host, container)]

    def others_with(self, container: str) -> list[str]:
        """The other hosts that a container runs on, as far as their files can be read."""
        return [name for name, host in self._read.hosts.items()
                if name != self._own.host and _runs(host, container)]

    def texts(self, option: EachHost, here: "Settings") -> list[str]:
        """What an option is on ``here``."""
        hosts = self.running(option.container) or [here]
        found = [_text(host, option.text) for host in hosts]
        return list(dict.fromkeys(text for text in found if text))

    def is_first(self, container: Container, here: "Settings") -> bool:
        """Whether ``here`` is the first host that a container runs on."""
        hosts = self.running(container.name)
        return not hosts or hosts[0].host == here.host

    @property
    def matters(self) -> bool:
        """Whether anything depends on the other hosts."""
        options = (opt for opts in self._own.options.values() for opt in opts.values())
        return any(isinstance(opt, EachHost) for opt in options) or any(
            any(callable(file.content) for file in container.files)
            or any(task.first for phase in PHASES for task in getattr(container, phase))
            for container in self._own.enabled()
        )

    def found(self, container: str) -> "Iterator[Settings]":
        """The other hosts that this one has to find, since they run a container."""
        yield from (host for host in self.running(container) if host is not self._own)


def _runs(host: "Settings", container: str) -> bool:
    return container in {other.name for other in host.enabled()}


def _text(host: "Settings", text: str) -> str:
    rendered = host.render(text)
    try:
        return host.reveal(rendered)
    except Invalid:
        raise
    except KollaError:  # a secret in it is not set, which is told elsewhere
        return ""

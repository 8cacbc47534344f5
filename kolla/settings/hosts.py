"""The settings of all hosts that have a file in hosts/, for what depends on the others."""

import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING

from kolla.errors import KollaError
from kolla.plugin import Container
from kolla.plugin.declarations.container import PHASES
from kolla.plugin.declarations.hosts import EachHost
from kolla.settings.problems import Invalid

if TYPE_CHECKING:
    from kolla.settings.loader import Settings


class Hosts:
    """This host and the others; their files are read when they are first asked for."""

    def __init__(self, own: "Settings"):
        self._own = own

    @functools.cached_property
    def all(self) -> "dict[str, Settings]":
        """By name. :class:`Invalid` names each file of another host that cannot be read."""
        names = {path.stem for path in (self._own.config_dir / "hosts").glob("*.conf")}
        found, problems = {self._own.host: self._own}, []
        for name in names - {self._own.host}:
            try:
                found[name] = self._own.of_another(name)
            except Invalid as error:
                problems += error.problems
        if problems:
            raise Invalid(problems)
        return dict(sorted(found.items()))

    def running(self, container: str) -> "list[Settings]":
        """The hosts that a container runs on."""
        return [host for host in self.all.values()
                if container in {other.name for other in host.enabled()}]

    def texts(self, option: EachHost, here: "Settings") -> list[str]:
        """What an option is on ``here``."""
        hosts = self.running(option.container) or [here]
        found = [_text(host, option.text) for host in hosts]
        return list(dict.fromkeys(text for text in found if text))

    def is_first(self, container: Container, here: "Settings") -> bool:
        """Whether ``here`` is the first host that a container runs on."""
        hosts = self.running(container.name)
        return not hosts or hosts[0] is here

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


def _text(host: "Settings", text: str) -> str:
    rendered = host.render(text)
    try:
        return host.reveal(rendered)
    except Invalid:
        raise
    except KollaError:  # a secret in it is not set, which is told elsewhere
        return ""

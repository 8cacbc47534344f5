"""Which options are secrets: those marked so, and those that take one of them in."""

from collections.abc import Mapping

from oslo_config import cfg

from kolla.settings.sources import Sources
from kolla.settings.values import taken_in


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
        """The marked options whose values are in this option's, however indirectly."""
        found, waiting = set(), [name]
        while waiting:
            current = waiting.pop()
            if current not in found:
                found.add(current)
                waiting += self._takes_in.get(current, ())
        return found & self._marked

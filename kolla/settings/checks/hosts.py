"""Problems in the files of other hosts, as far as this host depends on them."""

from collections.abc import Callable, Iterable, Iterator

from kolla.plugin.declarations.hosts import EachHost
from kolla.settings.loader import Settings
from kolla.settings.problems import Problem


def others(settings: Settings, checks: Iterable[Callable]) -> Iterator[Problem]:
    """What would be wrong on any host. :class:`Invalid` for a file that cannot be read."""
    if settings.hosts.matters:
        for host in settings.hosts.all.values():
            if host is not settings:
                for check in checks:
                    yield from check(host)


def nowhere(settings: Settings) -> Iterator[Problem]:
    """Other hosts that this one has to find, and whose file does not say where they are."""
    wanted = {opt.container for opts in settings.options.values() for opt in opts.values()
              if isinstance(opt, EachHost)}
    for name in sorted(wanted):
        for host in settings.hosts.found(name):
            if host.origin("host", "address") is None:
                file = host.config_dir / "hosts" / f"{host.host}.conf"
                yield Problem(str(file), None, f"[host] address is not set, and other hosts have"
                              f" to find {name} of {host.host}; remove the file of a host that"
                              " is not there")

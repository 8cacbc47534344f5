"""Problems in the files of other hosts, as far as this host depends on them."""

from collections.abc import Callable, Iterable, Iterator

from kolla.plugin.declarations.hosts import EachHost
from kolla.settings import templates
from kolla.settings.loader import Settings
from kolla.settings.option_values import split
from kolla.settings.problems import Problem


def others(settings: Settings, checks: Iterable[Callable]) -> Iterator[Problem]:
    """What would be wrong on any host. :class:`Invalid` for a file that cannot be read."""
    if settings.hosts.matters:
        for host in settings.hosts.all.values():
            if host is not settings:
                for check in checks:
                    yield from check(host)


#: Where a host finds itself, and no other one.
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def nowhere(settings: Settings) -> Iterator[Problem]:
    """Other hosts that this one has to find, and whose file does not say where they are."""
    wanted = [opt for opts in settings.options.values() for opt in opts.values()
              if isinstance(opt, EachHost)]
    for option in sorted(wanted, key=lambda opt: opt.container):
        name = option.container
        for host in settings.hosts.found(name):
            yield from _found_by_itself(host, option)
            if host.origin("host", "address") is None:
                file = host.config_dir / "hosts" / f"{host.host}.conf"
                yield Problem(str(file), None, f"[host] address is not set, and other hosts have"
                              f" to find {name} of {host.host}; remove the file of a host that"
                              " is not there")


def _found_by_itself(host: Settings, option: EachHost) -> Iterator[Problem]:
    for group, name in map(split, templates.references(option.text)):
        if host.has(group, name) and not host.is_secret(group, name):
            value = templates.as_text(host.value(group, name))
            if value in _LOOPBACK and host.origin("host", "address") is not None:
                yield host.blame(
                    group, name, f"at {value} other hosts do not find {option.container} of"
                    f" {host.host}; give it an address that they reach")

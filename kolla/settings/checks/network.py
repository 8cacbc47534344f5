"""Addresses and ports that cannot be listened on, and ports that are used twice."""

import ipaddress
import itertools
import socket
from collections.abc import Iterator
from typing import NamedTuple

from kolla import network
from kolla.catalog.soundness import BALANCED
from kolla.errors import KollaError
from kolla.plugin import Container, Listen
from kolla.settings import templates
from kolla.settings.checks.blame import blame
from kolla.settings.loader import Settings
from kolla.settings.option_values import split
from kolla.settings.problems import Problem


class _Bound(NamedTuple):
    """An address and port of a container, with the templates they come from."""

    container: Container
    listen: Listen
    address: str
    port: str
    balanced: str
    proxied: str


def unusable_places(settings: Settings) -> Iterator[Problem]:
    address = settings.value("host", "address")
    if message := _unusable(address):
        yield settings.blame("host", "address", message)
    found = _listens(settings)
    places = {(bound.container.name, bound.address, bound.port) for bound in found}
    for bound in found:
        if message := _unusable(bound.address, bound.listen.floating):
            yield blame(settings, bound.container, bound.listen.address, message)
        if not (bound.port.isdecimal() and 0 < int(bound.port) < 65536):
            message = f"{bound.port!r} is not a port that can be listened on"
            yield blame(settings, bound.container, bound.listen.port, message)
        if bound.balanced not in ("", *BALANCED):
            message = f"{bound.balanced!r} is not one of {', '.join(BALANCED)}"
            yield blame(settings, bound.container, bound.listen.balanced, message)
        if bound.proxied and (bound.container.name, bound.address, bound.proxied) not in places:
            message = f"its port {bound.port} is proxied at {bound.proxied!r}, where it has none"
            yield blame(settings, bound.container, bound.listen.proxied, message)


def ports_used_twice(settings: Settings) -> Iterator[Problem]:
    for one, two in itertools.combinations(_listens(settings), 2):
        if one.port == two.port and _clash(one.address, two.address) and not _same(one, two):
            later = max(one, two, key=lambda bound: _is_set(settings, bound))
            names = " and ".join(dict.fromkeys([one.container.name, two.container.name]))
            message = f"port {one.port} on {later.address} is assigned twice: to {names}"
            yield blame(settings, later.container, later.listen.port, message)


def _same(one: _Bound, two: _Bound) -> bool:
    """Whether one container has one port twice that it binds once: two options of an operator
    name one address, or one of them covers what the container binds in any case.
    """
    chosen = "$" in one.listen.address and "$" in two.listen.address
    return (
        one.container is two.container and one.listen.port == two.listen.port
        and (one.address == two.address or not chosen)
    )


def endpoint(settings: Settings) -> Iterator[Problem]:
    """The address and port of the monitor."""
    address, port = (settings.value("monitor", f"listen_{what}") for what in ("address", "port"))
    if port and (message := _unusable(address)):
        yield settings.blame("monitor", "listen_address", message)
    for bound in _listens(settings):
        if port and bound.port == str(port) and _clash(bound.address, address):
            message = f"port {port} on {address} is assigned to {bound.container.name} as well"
            yield settings.blame("monitor", "listen_port", message)


def interface(settings: Settings) -> Iterator[Problem]:
    name, address = settings.value("host", "interface"), settings.value("host", "address")
    if not name:
        return
    known = [interface for _, interface in socket.if_nameindex()]
    if name not in known:
        message = f"there is no interface {name!r} on this host, only {', '.join(known)}"
        yield settings.blame("host", "interface", message)
    elif address not in network.addresses_of(name):
        yield settings.blame("host", "interface", f"{name} does not carry the address {address}")


def _listens(settings: Settings) -> list[_Bound]:
    found = []
    for container in settings.enabled():
        for listen in container.listens:
            try:
                address, port, balanced, proxied = map(settings.render, (
                    listen.address, listen.port, listen.balanced, listen.proxied))
            except KollaError:
                continue  # reported as a malformed template or a wrong value
            if not port:
                continue
            found.append(_Bound(container, listen, address, port, balanced, proxied))
    return found


def _unusable(address: str, floating: bool = False) -> str:
    """Why this host cannot listen on an address; empty if it can."""
    try:
        family = socket.AF_INET6 if ipaddress.ip_address(address).version == 6 else socket.AF_INET
    except ValueError:
        return f"{address!r} is not an IP address"
    if floating:
        return ""
    if not network.has(address):
        return f"{address} is not an address of this host"
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.bind((address, 0))
    except OSError as error:
        return f"{address} cannot be used: {error.strerror}"
    return ""


def _clash(one: str, two: str) -> bool:
    try:
        return network.clash(ipaddress.ip_address(one), ipaddress.ip_address(two))
    except ValueError:
        return one == two


def _is_set(settings: Settings, bound: _Bound) -> bool:
    """Whether the port is configured, so that there is a line to blame."""
    return any(settings.has(*split(name)) and settings.origin(*split(name)) is not None
               for name in templates.references(bound.listen.port))

"""What HAProxy stands in front of: the balanced ports of all containers of all hosts."""

import collections
import dataclasses
import ipaddress
from collections.abc import Iterator, Sequence

from kolla.plugin import Cloud, Host, Listening

NAME = "haproxy"
#: A port of the virtual address, in the words of HAProxy.
FRONTEND = """\
.if defined(KOLLA_JOINED)
frontend {name}
    mode {mode}
    bind {address}:{port} transparent
    {choice}
.endif
"""
#: Those hosts count on which no monitor says that anything is wrong ...
BACKEND = """\
backend {name}
    mode {mode}
{lines}
"""
#: ... or, where no monitor says that all is well, those that accept connections.
ANY_HOST = """\
use_backend {name} if {{ nbsrv({name}) gt 0 }}
    default_backend {name}-any"""
#: A request names its client, and no client names another one.
HTTP = "    http-request set-header X-Forwarded-For %[src]"


@dataclasses.dataclass(frozen=True)
class Port:
    """A port of the virtual address, and where it is served."""

    container: str
    address: str
    number: int
    #: ``http``, ``tcp`` or ``one``.
    balanced: str
    tls: bool
    #: Whether HAProxy says in the PROXY protocol who its client is: no header of HTTP can.
    told: bool
    places: tuple[tuple[Listening, Host], ...]

    @property
    def name(self) -> str:
        return f"{self.container}-{self.number}"

    @property
    def mode(self) -> str:
        """Of HAProxy. What is encrypted it passes on as it is."""
        return "http" if self.balanced == "http" and not self.tls else "tcp"

    @property
    def monitored(self) -> bool:
        """Whether each host has an endpoint that says how the container is."""
        return all(endpoint(host) for _, host in self.places)


def configuration(cloud: Cloud) -> str:
    """HAProxy's configuration. Raises an operator's mistake if there can be none."""
    return "\n".join(text for port in ports(cloud) for text in _texts(port))


def told_places(cloud: Cloud) -> str:
    """Where HAProxy says who its client is, and the port beside it: ``ADDRESS:PORT`` of both."""
    lines = {
        f"{place.address}:{place.proxied} {place.address}:{place.port}\n"
        for port in ports(cloud) if port.told for place, _ in port.places
    }
    return "".join(sorted(lines))


def ports(cloud: Cloud) -> list[Port]:
    """All ports of the virtual address; none if no host has HAProxy."""
    balancers = cloud.hosts(NAME)
    if not balancers:
        return []
    first, address = balancers[0], virtual_address(cloud)
    _known_proxies(balancers)
    left_out = first.value(NAME, "without")
    hosts = {host.name: host for host in cloud.hosts()}
    found: dict[tuple[str, int], list[Listening]] = collections.defaultdict(list)
    for place in cloud.listens():
        if place.balanced and place.container not in left_out:
            found[place.container, place.port].append(place)
    if not found:
        raise first.mistake(
            "host", "enabled",
            "no host runs a container with a port that HAProxy could stand in front of: enable "
            "one, such as openstack-interface, or disable haproxy")
    _ports_used_once(first, found)
    _free_for_virtual_address(cloud, {host.name: host for host in balancers}, address, found)
    tls = first.value("api", "tls")
    tells = tls and first.value(NAME, "proxy_protocol")
    if tells:
        _hear_haproxy(balancers, [hosts[place.host] for each in found.values() for place in each])
    return [
        Port(container, address, number, places[0].balanced, tls,
             tells and all(place.proxied for place in places),
             tuple((place, hosts[place.host]) for place in places))
        for (container, number), places in sorted(found.items())
    ]


def virtual_address(cloud: Cloud) -> str:
    """The same on all hosts with HAProxy, and of none of the cloud's hosts."""
    balancers = cloud.hosts(NAME)
    values = {host.name: host.value("api", "virtual_address") for host in balancers}
    address = values[balancers[0].name]
    for host in balancers:
        if not values[host.name]:
            raise host.mistake(
                "api", "virtual_address",
                "HAProxy needs the address under which the hosts serve together: set a free one "
                "of their network, in kolla.conf")
        if values[host.name] != address:
            told = ", ".join(f"{value} on {name}" for name, value in values.items())
            raise host.mistake(
                "api", "virtual_address",
                f"it is {told}: set the same for all hosts, in kolla.conf")
    for host in cloud.hosts():
        for option in ("address", "internal_address"):
            if host.value("host", option) == address:
                raise host.mistake(
                    "api", "virtual_address",
                    f"{address} is [host] {option} of {host.name}: choose an address that no "
                    "host has of its own")
    return address


def _known_proxies(balancers: Sequence[Host]) -> None:
    """Services know from HAProxy whom they serve, unless it cannot tell them."""
    addresses = [host.value("host", "address") for host in balancers]
    for host in balancers:
        known = [ipaddress.ip_network(each, strict=False) for each in host.value("api", "proxies")]
        inside = [
            address for address in addresses
            if any(ipaddress.ip_address(address) in network for network in known)
        ]
        if host.value("api", "tls") and inside:
            raise host.mistake(
                "api", "proxies",
                f"HAProxy on {', '.join(inside)} passes TLS on as it is, so a client could name "
                "any other in X-Forwarded-For: take these addresses out")
        if not host.value("api", "tls") and len(inside) < len(addresses):
            raise host.mistake(
                "api", "proxies",
                "HAProxy is in front of the services, which would take it for their only client: "
                f"set proxies = {','.join(addresses)}, in kolla.conf")


def _hear_haproxy(balancers: Sequence[Host], hosts: Sequence[Host]) -> None:
    """Services hear on a port of its own who the client of HAProxy is, from hosts of the cloud."""
    addresses = [host.value("host", "address") for host in balancers]
    for host in hosts:
        if not host.value("api", "proxy_protocol"):
            raise host.mistake(
                "api", "proxy_protocol",
                f"[haproxy] proxy_protocol is on, and services of {host.name} do not listen for "
                "it: set it for all hosts, in kolla.conf, and upgrade their services before "
                "HAProxy")
        trusted = [ipaddress.ip_network(each, strict=False)
                   for each in (host.value("host", "address"), *host.value("api", "trusted"))]
        for address in addresses:
            if not any(ipaddress.ip_address(address) in network for network in trusted):
                raise host.mistake(
                    "api", "trusted",
                    f"services of {host.name} would not believe HAProxy on {address} who its "
                    f"client is: set trusted = {','.join(addresses)}, in kolla.conf")


def _ports_used_once(first: Host, found: dict[tuple[str, int], list[Listening]]) -> None:
    containers: dict[int, str] = {}
    for container, number in sorted(found):
        other = containers.setdefault(number, container)
        if other != container:
            raise first.mistake(
                "api", "virtual_address",
                f"{other} and {container} both have port {number}, and the virtual address has it "
                "once: give one another port on all hosts, or name it in [haproxy] without")


def _free_for_virtual_address(
    cloud: Cloud, balancers: dict[str, Host], address: str,
    found: dict[tuple[str, int], list[Listening]],
) -> None:
    """On a host with HAProxy nothing else takes one of its ports on all addresses."""
    numbers = {number for _, number in found}
    for place in cloud.listens():
        if place.port not in numbers or place.host not in balancers:
            continue
        if place.address == address or ipaddress.ip_address(place.address).is_unspecified:
            raise balancers[place.host].mistake(
                "api", "virtual_address",
                f"{place.container} listens on {place.address} port {place.port} of {place.host}, "
                f"which HAProxy needs on {address}: let it listen on an address of that host alone"
            )


def _texts(port: Port) -> Iterator[str]:
    fails_over = port.monitored and port.balanced != "one"
    choice = ANY_HOST if fails_over else "default_backend {name}"
    facts = {"name": port.name, "mode": port.mode}
    yield FRONTEND.format(
        **facts, address=port.address, port=port.number,
        choice="\n    ".join([*_stream(port, "client"), choice.format(name=port.name)]))
    yield BACKEND.format(**facts, lines="\n".join(_backend(port, port.monitored)))
    if fails_over:
        yield BACKEND.format(
            name=f"{port.name}-any", mode=port.mode, lines="\n".join(_backend(port, False)))


def _stream(port: Port, end: str) -> list[str]:
    """What is no HTTP may be silent for long, as the console of a virtual machine is."""
    return [f"timeout {end} 24h"] if port.mode == "tcp" else []


def _backend(port: Port, monitored: bool) -> Iterator[str]:
    yield from (f"    {line}" for line in _stream(port, "server"))
    if port.mode == "http":
        yield HTTP
    if monitored:
        yield f"    option httpchk GET /containers/{port.container}"
    for number, (place, host) in enumerate(port.places):
        to = f"{place.proxied} send-proxy-v2" if port.told else place.port
        words = [f"    server {place.host} {place.address}:{to} check"]
        if monitored:
            words.append("addr {} port {}".format(*endpoint(host).rsplit(":", 1)))
        elif port.told:
            # A check that says no more than who the client is would be an error in a log.
            words.append(f"port {place.port}")
        if port.balanced == "one":
            # There is no other one meanwhile, so it is asked more often.
            words.append("inter 500ms on-marked-down shutdown-sessions")
            # All clients are at one host: those of the others come back with the new ones.
            words.append("on-marked-up shutdown-backup-sessions")
            if number:
                words.append("backup")
        yield " ".join(words)


def endpoint(host: Host) -> str:
    """``ADDRESS:PORT`` where other hosts ask the monitor of a host; empty if they cannot."""
    address, port = host.value("monitor", "listen_address"), host.value("monitor", "listen_port")
    found, own = ipaddress.ip_address(address), ipaddress.ip_address(host.value("host", "address"))
    if not port or found.is_loopback and not own.is_loopback:
        return ""
    return f"{own if found.is_unspecified else address}:{port}"

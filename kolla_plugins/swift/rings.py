"""The devices of all hosts, of which each host computes the same rings."""

import collections
import json
from collections.abc import Iterator, Sequence

from kolla.plugin import Cloud, Host

#: By ring: the container that serves its devices. Their hosts are the ring's hosts.
SERVERS = {
    "account": "swift-account-server",
    "container": "swift-container-server",
    "object": "swift-object-server",
}
#: Options of which each host has to know those of the others: they are the same on all.
SHARED = ("part_power", "replicas", "rsync_port")
#: What holds the addresses of a host: from one of them it connects to another host.
ADDRESSES = (("host", "address"), ("host", "internal_address"), ("swift", "storage_address"))


def devices(cloud: Cloud) -> str:
    """The file with all devices, as JSON. Raises an operator's mistake if they make no ring."""
    hosts = _hosts(cloud)
    facts = {option: _agreed(option, hosts) for option in SHARED}
    rings = {}
    for ring, server in SERVERS.items():
        on = cloud.hosts(server)
        rings[ring] = [device for host in on for device in _devices(host, f"{ring}_port")]
        if len(rings[ring]) < facts["replicas"]:
            raise _too_few(server, on or cloud.hosts(), len(rings[ring]), facts["replicas"])
    _different_addresses(hosts)
    return json.dumps({**facts, "devices": rings}, indent=1, sort_keys=True)


def admitted(cloud: Cloud) -> str:
    """A line for rsync's server: it serves the hosts of the rings, and this one, alone."""
    found = {host.value(*option) for host in _hosts(cloud) for option in ADDRESSES}
    return f"hosts allow = {' '.join(['127.0.0.0/8', '::1', *sorted(found)])}\n"


def _hosts(cloud: Cloud) -> list[Host]:
    """The hosts of the rings."""
    by_name = {host.name: host for server in SERVERS.values() for host in cloud.hosts(server)}
    return list(by_name.values())


def _agreed(option: str, hosts: Sequence[Host]) -> int:
    """The value that an option has on all hosts."""
    by_value = collections.defaultdict(list)
    for host in hosts:
        by_value[host.value("swift", option)].append(host)
    if len(by_value) > 1:
        told = "; ".join(
            f"it is {value} on {_names(those)}" for value, those in by_value.items())
        odd = min(reversed(by_value.values()), key=len)
        raise odd[0].mistake(
            "swift", option, f"{told}; set the same for all hosts, in kolla.conf")
    return next(iter(by_value), 0)


def _too_few(server: str, hosts: Sequence[Host], found: int, wanted: int) -> Exception:
    return hosts[0].mistake(
        "swift", "devices",
        f"{server} has {found} devices on {_names(hosts)}, fewer than [swift] replicas, {wanted}: "
        "name more devices in the files of these hosts, or set fewer replicas",
    )


def _different_addresses(hosts: Sequence[Host]) -> None:
    """Each host has an address of its own, or it would take the devices of another for its own."""
    known: dict[str, Host] = {}
    for host in hosts:
        address = host.value("swift", "storage_address")
        if known.setdefault(address, host) is not host:
            raise host.mistake(
                "swift", "storage_address",
                f"{known[address].name} and {host.name} both have {address}: set that of each "
                "host in its own file",
            )


def _names(hosts: Sequence[Host]) -> str:
    return ", ".join(host.name for host in hosts)


def _devices(host: Host, port: str) -> Iterator[dict]:
    listed = [text.partition(":") for text in host.value("swift", "devices")]
    names = [name for name, _, _ in listed]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise host.mistake(
            "swift", "devices", f"{host.name} has {', '.join(twice)} twice: name each device once")
    for name, _, weight in listed:
        yield {
            "host": host.name, "device": name, "weight": float(weight or 1),
            "zone": host.value("swift", "zone"), "port": host.value("swift", port),
            "address": host.value("swift", "storage_address"),
        }

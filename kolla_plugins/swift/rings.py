"""The devices of all hosts, of which each host computes the same rings."""

import json
from collections.abc import Iterator

from kolla.plugin import Cloud, Host, KollaError

#: By ring: the container that serves its devices. Their hosts are the ring's hosts.
SERVERS = {
    "account": "swift-account-server",
    "container": "swift-container-server",
    "object": "swift-object-server",
}
#: Options that decide where an object lies.
SHARED = ("part_power", "replicas")


def devices(cloud: Cloud) -> str:
    """The file with all devices, as JSON; a :class:`KollaError` if they make no ring."""
    hosts = {host.name: host for server in SERVERS.values() for host in cloud.hosts(server)}
    facts = {option: _agreed(option, list(hosts.values())) for option in SHARED}
    rings = {}
    for ring, server in SERVERS.items():
        rings[ring] = [
            device for host in cloud.hosts(server) for device in _devices(host, f"{ring}_port")
        ]
        if len(rings[ring]) < facts["replicas"]:
            raise KollaError(
                f"[swift] replicas is {facts['replicas']}, and the hosts with {server} have "
                f"{len(rings[ring])} devices: name more in [swift] devices, or keep fewer replicas"
            )
    return json.dumps({**facts, "devices": rings}, indent=1, sort_keys=True)


def _agreed(option: str, hosts: list[Host]) -> int:
    """The value that an option has on all hosts."""
    by_value = {host.value("swift", option): host.name for host in hosts}
    if len(by_value) > 1:
        told = ", ".join(f"{value} on {name}" for value, name in by_value.items())
        raise KollaError(f"[swift] {option} has to be the same on all hosts, and is {told}")
    return next(iter(by_value), 0)


def _devices(host: Host, port: str) -> Iterator[dict]:
    listed = [text.partition(":") for text in host.value("swift", "devices")]
    names = [name for name, _, _ in listed]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise KollaError(f"[swift] devices of {host.name} names {', '.join(twice)} twice")
    for name, _, weight in listed:
        yield {
            "host": host.name, "device": name, "weight": float(weight or 1),
            "zone": host.value("swift", "zone"), "port": host.value("swift", port),
            "address": host.value("swift", "storage_address"),
        }

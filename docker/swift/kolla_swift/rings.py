"""Rings: which devices hold a partition, computed from nothing but the list of all devices.

Each device bids for each partition, and the highest bids win (weighted rendezvous hashing). So
every host computes the same ring, whatever its release, and a device that comes or goes moves the
partitions that it wins or loses, and no others.
"""

import array
import collections
import functools
import hashlib
import json
import math
import pathlib
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

#: Bits of a hash of which Swift takes the first as the partition.
HASH_BITS = 32
#: Seconds that a host has to tell of its rings.
TIMEOUT = 10


class Place(NamedTuple):
    """All of a device that decides what lies on it."""

    host: str
    device: str
    zone: int
    weight: float

    def bid(self, partition: int) -> float:
        """What it offers for a partition: more on average, the more weight it has."""
        text = f"{partition}/{self.host}/{self.device}"
        number = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")
        return -self.weight / math.log((number + 1) / (2**64 + 1))


def chosen(partition: int, places: Sequence[Place], replicas: int) -> list[int]:
    """The numbers of the devices for a partition: in as many zones and hosts as there are."""
    bids = [place.bid(partition) for place in places]
    left = sorted(range(len(places)), key=lambda number: -bids[number])
    zones: collections.Counter[int] = collections.Counter()
    hosts: collections.Counter[str] = collections.Counter()
    taken: list[int] = []
    while len(taken) < replicas:
        number = min(left, key=lambda one: (zones[places[one].zone], hosts[places[one].host]))
        left.remove(number)
        taken.append(number)
        zones[places[number].zone] += 1
        hosts[places[number].host] += 1
    return taken


@functools.cache
def table(places: tuple[Place, ...], replicas: int, power: int) -> list[array.array]:
    """By replica: the number of its device for each partition."""
    rows = [chosen(partition, places, replicas) for partition in range(1 << power)]
    return [array.array("H", column) for column in zip(*rows)]


def write(devices: Sequence[Mapping], replicas: int, power: int, path: str) -> None:
    """Write the file of a ring that Swift reads."""
    from swift.common.ring import RingData

    known = [
        {"id": number, "region": 1, "zone": device["zone"], "device": device["device"],
         "ip": device["address"], "port": device["port"],
         "replication_ip": device["address"], "replication_port": device["port"],
         "weight": device["weight"], "meta": device["host"]}
        for number, device in enumerate(devices)
    ]
    places = tuple(Place(*(device[name] for name in Place._fields)) for device in devices)
    RingData(list(table(places, replicas, power)), known, HASH_BITS - power).save(path)


def different(devices: Mapping[str, Sequence[Mapping]], place: pathlib.Path) -> Iterator[str]:
    """What is wrong with the rings of the hosts that have devices, compared with those here."""
    own = {ring.name: hashlib.md5(ring.read_bytes()).hexdigest()
           for ring in place.glob("*.ring.gz")}
    asked = sorted({(one["host"], one["address"], one["port"]) for one in devices["object"]})
    for host, address, port in asked:
        try:
            told = _told(address, port)
        except OSError as error:
            yield f"{host} does not tell its rings on {address}:{port} ({error})"
            continue
        if names := sorted(name for name, digest in own.items() if told.get(name) != digest):
            yield f"{host} has another {' and '.join(names)} than this host"


def _told(address: str, port: int) -> dict[str, str]:
    """The digest of each ring that a host has. Raises ``OSError``."""
    netloc = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    with urllib.request.urlopen(f"http://{netloc}/recon/ringmd5", timeout=TIMEOUT) as answer:
        return {pathlib.Path(path).name: digest for path, digest in json.load(answer).items()}

"""Rings: which devices hold a partition, computed from nothing but the list of all devices.

Each device bids for each partition, and the highest bids win (weighted rendezvous hashing). So
every host computes the same ring, whatever its release, and a device that comes or goes moves the
partitions that it wins or loses, and no others.
"""

import array
import collections
import functools
import hashlib
import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

#: Bits of a hash of which Swift takes the first as the partition.
HASH_BITS = 32


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

"""The devices of all hosts that Swift's rings are made of."""

import json

import pytest

from kolla.plugin import Container
from kolla_plugins.swift import daemons, proxy, rings, storage

VALUES = {"part_power": 12, "replicas": 2, "zone": 1, "devices": ["d1", "d2:4"],
          "storage_address": "192.0.2.1", "object_port": 6200, "container_port": 6201,
          "account_port": 6202, "rsync_port": 6203}


class Mistake(Exception):
    """What an operator is told, and where."""


class Host:
    def __init__(self, name: str, **values):
        self.name, self.values = name, VALUES | values

    def value(self, group: str, option: str):
        if group == "host":
            return "198.51.100.7"
        return self.values[option]

    def mistake(self, group: str, option: str, message: str) -> Mistake:
        return Mistake(f"{self.name}: [{group}] {option}: {message}")


class Cloud:
    """All hosts run all servers, but for those that are named."""

    def __init__(self, *hosts: Host, **without: str):
        self._hosts, self._without = hosts, without

    def hosts(self, container: str = "") -> list[Host]:
        return [host for host in self._hosts if self._without.get(host.name) != container]


def test_every_host_is_told_the_devices_of_all():
    cloud = Cloud(Host("a"), Host("b", zone=2, storage_address="192.0.2.2"),
                  Host("c", devices=["d9"], storage_address="192.0.2.3"), c="swift-account-server")
    facts = json.loads(rings.devices(cloud))
    assert facts["part_power"] == 12 and facts["replicas"] == 2
    assert [(one["host"], one["device"], one["weight"], one["zone"], one["address"], one["port"])
            for one in facts["devices"]["account"]] == [
        ("a", "d1", 1, 1, "192.0.2.1", 6202), ("a", "d2", 4, 1, "192.0.2.1", 6202),
        ("b", "d1", 1, 2, "192.0.2.2", 6202), ("b", "d2", 4, 2, "192.0.2.2", 6202),
    ]
    assert "d9" in {one["device"] for one in facts["devices"]["object"]}


def test_a_ring_without_enough_devices_is_refused():
    told = r"^a: \[swift\] devices: swift-account-server has 2 devices on a, fewer than "
    with pytest.raises(Mistake, match=told):
        rings.devices(Cloud(Host("a", replicas=3)))


def test_hosts_of_which_none_keeps_accounts_are_refused():
    with pytest.raises(Mistake, match="^a: .* swift-account-server has 0 devices on a"):
        rings.devices(Cloud(Host("a"), a="swift-account-server"))


@pytest.mark.parametrize("option", rings.SHARED)
def test_hosts_that_would_compute_different_rings_are_refused(option):
    told = rf"^b: \[swift\] {option}: it is \d+ on a, c; it is 4 on b; set the same"
    with pytest.raises(Mistake, match=told):
        rings.devices(Cloud(Host("a"), Host("b", **{option: 4}), Host("c")))


def test_two_hosts_with_one_address_are_refused():
    with pytest.raises(Mistake, match=r"^b: \[swift\] storage_address: a and b both have 192.0"):
        rings.devices(Cloud(Host("a"), Host("b")))


def test_a_device_that_is_named_twice_is_refused():
    with pytest.raises(Mistake, match=r"^a: \[swift\] devices: a has d1 twice"):
        rings.devices(Cloud(Host("a", devices=["d1", "d2", "d1:4"])))


def test_rsync_serves_the_hosts_of_the_rings_alone():
    cloud = Cloud(Host("a"), Host("b", storage_address="192.0.2.2"))
    assert rings.admitted(cloud) == (
        "hosts allow = 127.0.0.0/8 ::1 192.0.2.1 192.0.2.2 198.51.100.7\n")
    (file,) = daemons.SWIFT_RSYNC.files
    assert file.content is rings.admitted


def test_each_daemon_is_in_the_set_of_its_server_and_starts_after_it():
    found = [one for one in vars(daemons).values()
             if isinstance(one, Container) and one is not daemons.SWIFT_RSYNC]
    assert len(found) == 11
    for one in found:
        kind = one.parent.removeprefix("swift-")
        assert one.name.startswith(f"{one.parent}-") and f"{one.parent}-server" in one.requires
        assert one.command[:2] == ("kolla-swift", f"{kind}-server")
        assert one.check.command == ("kolla-swift-check", one.name.removeprefix("swift-"))
        assert storage.DEVICES in one.host_mounts and one.user == proxy.SWIFT_PROXY_SERVER.user


def test_all_that_work_on_devices_run_as_the_same_user_and_judge_them_first():
    servers = (storage.SWIFT_ACCOUNT_SERVER, storage.SWIFT_CONTAINER_SERVER,
               storage.SWIFT_OBJECT_SERVER)
    assert {one.user for one in servers} == {proxy.SWIFT_PROXY_SERVER.user}
    assert all(one.verify and storage.DEVICES in one.host_mounts for one in servers)
    assert {one.name for one in servers} < set(proxy.SWIFT_PROXY_SERVER.requires)

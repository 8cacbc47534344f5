"""How Swift's image computes rings, writes configurations and judges devices."""

import collections
import importlib
import os

import pytest

from kolla.plugin import shared_folder

POWER = 8


@pytest.fixture
def module(monkeypatch):
    """``module(name)``: one of the image's, without what only the image has."""
    for folder in ("swift", "openstack-base/tools"):
        monkeypatch.syspath_prepend(str(shared_folder("docker", *folder.split("/"))))
    return lambda name: importlib.import_module(f"kolla_swift.{name}")


def placed(module, known: list[tuple], replicas: int = 3) -> list[set[tuple[str, str]]]:
    """The hosts and devices of each partition."""
    rings = module("rings")
    rows = rings.table(tuple(rings.Place(*one) for one in known), replicas, POWER)
    return [{known[number][:2] for number in column} for column in zip(*rows)]


#: Host, device, zone and weight.
ONE_HOST = [("a", f"d{number}", 1, 1) for number in range(4)]
FIVE_HOSTS = [("a", "d1", 1, 1), ("a", "d2", 1, 1), ("b", "d1", 1, 1), ("c", "d1", 2, 1),
              ("d", "d1", 2, 1), ("e", "d1", 3, 1)]


@pytest.mark.parametrize("known", [ONE_HOST, FIVE_HOSTS])
def test_each_replica_of_a_partition_is_on_another_device(module, known):
    assert {len(found) for found in placed(module, known)} == {3}


def test_replicas_are_in_different_zones_and_on_different_hosts(module):
    zones = {host: zone for host, _, zone, _ in FIVE_HOSTS}
    for found in placed(module, FIVE_HOSTS):
        assert {zones[host] for host, _ in found} == {1, 2, 3}
    for found in placed(module, FIVE_HOSTS, replicas=5):
        assert len({host for host, _ in found}) == 5


def test_rings_do_not_depend_on_the_order_in_which_hosts_are_read(module):
    assert placed(module, FIVE_HOSTS) == placed(module, FIVE_HOSTS[::-1])


def test_a_further_device_moves_only_what_it_takes(module):
    before = placed(module, ONE_HOST)
    after = placed(module, [*ONE_HOST, ("a", "new", 1, 1)])
    moved = [old for old, new in zip(before, after) if old != new]
    assert all(new - old <= {("a", "new")} for old, new in zip(before, after))
    assert 0.4 < len(moved) / len(before) < 0.8


def test_a_device_gets_its_share_by_weight(module):
    known = [("a", "d0", 1, 3), *ONE_HOST[1:]]
    held = collections.Counter(name for found in placed(module, known, 1) for _, name in found)
    assert 0.4 < held["d0"] / 2**POWER < 0.6


def test_the_operator_has_the_last_word_in_a_configuration(module):
    files = module("files")
    template = "[DEFAULT]\nworkers = 9\n[filter:slo]\nuse = egg:swift#slo\n"
    variables = {
        "OS_FILTER:SLO__MAX_MANIFEST_SEGMENTS": "5%", "OS_DEFAULT__WORKERS": "3",
        "OS_KEYSTONE_AUTHTOKEN__PASSWORD": "hush", "KOLLA_PORT": "1", "OS_ODD": "",
        "OS_OBJECT-REPLICATOR__CONCURRENCY": "2",
    }
    told = list(files.options(variables, {"keystone_authtoken"}))
    made = files.configured(template, {"workers": "2"}, [option for _, *option in told])
    assert {name: dict(made[name]) for name in made.sections()} == {
        "DEFAULT": {"workers": "3"},
        "filter:slo": {"use": "egg:swift#slo", "max_manifest_segments": "5%%"},
        "object-replicator": {"concurrency": "2"},
    }


@pytest.fixture
def device(module, monkeypatch, tmp_path):
    """A folder that stands for a device, and the module that judges it."""
    judge = module("devices")
    monkeypatch.setattr(judge, "FOLDER", tmp_path)
    for name, value in {"KOLLA_FOLDER": "/srv/node", "KOLLA_DEVICES": "d1:2,d2",
                        "KOLLA_MOUNTED": "false", "KOLLA_PART_POWER": "12",
                        "KOLLA_HASH_PATH_SUFFIX": "00ff"}.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "d1").mkdir()
    return judge


def test_a_device_that_is_not_there_is_told_with_what_to_do(device):
    assert device.names() == ["d1", "d2"]
    assert device.trouble("d1") == ""
    owner = f"{os.getuid()}:{os.getgid()}"
    assert device.trouble("d2") == (
        f"there is no folder /srv/node/d2: make it, mount a disk there, and `chown {owner}` it")


def test_a_folder_is_no_disk(device, monkeypatch):
    monkeypatch.setenv("KOLLA_MOUNTED", "true")
    assert device.trouble("d1").startswith("no disk is mounted on /srv/node/d1; ")
    device.mark()
    assert not list((device.FOLDER / "d1").iterdir())


@pytest.mark.parametrize("change", [
    ("KOLLA_HASH_PATH_SUFFIX", "00fe"), ("KOLLA_PART_POWER", "13"),
])
def test_a_device_that_was_filled_by_another_rule_is_refused(device, monkeypatch, change):
    device.mark()
    assert device.trouble("d1") == ""
    assert "00ff" not in (device.FOLDER / "d1" / device.MARK).read_text()
    monkeypatch.setenv(*change)
    device.mark()
    assert "/srv/node/d1 holds objects of another [swift] hash_path" in device.trouble("d1")

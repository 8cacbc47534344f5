"""How Swift's image computes rings, writes configurations and judges devices."""

import collections
import errno
import hashlib
import importlib
import json
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


def test_a_host_with_other_rings_is_named(module, monkeypatch, tmp_path):
    rings = module("rings")
    (tmp_path / "object.ring.gz").write_bytes(b"ours")
    same = {"object.ring.gz": hashlib.md5(b"ours").hexdigest()}
    answers = {"192.0.2.1": same, "192.0.2.2": same | {"object.ring.gz": "0"}}

    def told(address: str, port: int) -> dict[str, str]:
        if address not in answers:
            raise ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")
        return answers[address]

    monkeypatch.setattr(rings, "_told", told)
    devices = [{"host": name, "address": f"192.0.2.{number}", "port": 6200}
               for number, name in enumerate("abc", 1)]
    other, silent = rings.different({"object": devices}, tmp_path)
    assert other == "b has another object.ring.gz than this host"
    assert silent.startswith("c does not tell its rings on 192.0.2.3:6200 (")


def test_the_operator_has_the_last_word_in_a_configuration(module):
    files = module("files")
    template = "[DEFAULT]\nworkers = 9\n[filter:slo]\nuse = egg:swift#slo\n"
    variables = {
        "OS_FILTER:SLO__MAX_MANIFEST_SEGMENTS": "5%", "OS_DEFAULT__WORKERS": "3",
        "OS_KEYSTONE_AUTHTOKEN__PASSWORD": "hush", "KOLLA_PORT": "1", "OS_ODD": "",
        "OS_OBJECT-REPLICATOR__CONCURRENCY": "2",
    }
    told = list(files.options(variables, {"keystone_authtoken"}))
    ours = [("DEFAULT", "workers", "2")]
    made = files.configured(template, [*ours, *(option for _, *option in told)])
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


def test_each_host_deletes_its_share_of_the_objects_that_expire(module):
    files = module("files")
    devices = [{"host": "b"}, {"host": "a"}, {"host": "b"}]
    shares = {host: dict(item[1:] for item in files.share(host, devices)) for host in "abc"}
    assert shares == {
        "a": {"processes": "2", "process": "0"}, "b": {"processes": "2", "process": "1"}, "c": {}}


@pytest.fixture
def told(module, monkeypatch, tmp_path):
    """``told(stats, ended)``: what is said of a replicator that began a minute after 1970."""
    daemons = module("daemons")
    monkeypatch.setattr(daemons, "CACHE", tmp_path)
    monkeypatch.setattr(daemons, "BEGUN", tmp_path / "begun")
    daemons.BEGUN.touch()
    os.utime(daemons.BEGUN, (60, 60))

    def failed(stats: dict, ended: float = 90, name: str = "object-replicator") -> str:
        (tmp_path / "object.recon").write_text(
            json.dumps({"replication_stats": stats, "replication_last": ended}))
        return daemons.failed(name)

    return failed


def test_a_replicator_tells_where_it_could_not_copy_in_its_last_pass(told):
    nodes = {"192.0.2.1": {"d1": 4, "d2": 2}, "192.0.2.2": {"d1": 1}}
    stats = {"failure": 7, "failure_nodes": nodes}
    assert told(stats) == (
        "7 copies failed in the last pass, to d1 of 192.0.2.1, d2 of 192.0.2.1, d1 of 192.0.2.2")
    assert told({"failure": 1}) == "1 copies failed in the last pass, to some device"


def test_what_an_earlier_generation_could_not_copy_is_not_held_against_this_one(told):
    stats = {"failure": 7, "failure_nodes": {"192.0.2.1": {"d1": 7}}}
    assert told(stats, ended=30) == told(stats, name="object-auditor") == ""
    assert told({"failure": 0}) == ""


@pytest.mark.parametrize("call", ["listdir", "getxattr"])
def test_a_disk_that_returns_errors_is_told_with_what_to_do(device, monkeypatch, call):
    def fail(*_):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, call, fail)
    assert device.trouble("d1") == (
        "/srv/node/d1 returns errors (Input/output error): replace the disk, and mount an empty "
        "one there")


def test_a_device_that_swift_may_not_enter_is_told_with_what_to_do(device, monkeypatch):
    def fail(*_):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "listdir", fail)
    assert device.trouble("d1") == (
        f"Swift may not enter /srv/node/d1: `chown {device.owner()}` it and the folder above it")


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


def test_rsync_is_told_whom_it_serves(program, script, tmp_path):
    hosts = tmp_path / "etc/kolla/swift/rsync-hosts"
    hosts.parent.mkdir(parents=True)
    hosts.write_text("hosts allow = 192.0.2.2\n")
    program("rsync", 'cat "${3#*=}"')
    ended = script(("swift-storage", "bin", "kolla-swift-rsync"),
                   KOLLA_ADDRESS="192.0.2.1", KOLLA_PORT="6203")
    everybody, _, _ = ended.stdout.partition("[account]")
    assert "\nhosts allow = 192.0.2.2\n" in everybody, ended.stderr

"""Swift: objects survive every upgrade of every part, and nobody who reads or writes notices."""

import hashlib
import itertools
import os
import pathlib
from collections.abc import Iterator

import pytest

from tests.functional.support.cloud import Cloud
from tests.functional.support.harness import run
from tests.functional.support.images import SWIFT
from tests.functional.support.watching import asking

pytestmark = pytest.mark.exhaustive

BEFORE, AFTER = "2026.1", "2026.2"
DEVICES = ("d1", "d2", "d3")
PARTS = ("swift-account-server", "swift-container-server", "swift-object-server",
         "swift-proxy-server")
USER = 42445
MEGABYTE = 1 << 20


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Iterator[pathlib.Path]:
    """Folders that stand for disks, on a mount that is shared, as those of a machine are."""
    folder = tmp_path_factory.mktemp("node")
    for path in (folder, *(folder / name for name in DEVICES)):
        path.mkdir(exist_ok=True)
        os.chown(path, USER, USER)
    run("mount", "--bind", folder, folder)
    run("mount", "--make-shared", folder)
    yield folder
    run("umount", "--lazy", folder)


@pytest.fixture(scope="module")
def swift(cloud, builder, folder) -> Iterator[Cloud]:
    """The cloud, with a Swift that was started from nothing."""
    for release in (BEFORE, AFTER):
        builder.only(*SWIFT, release=release)
    cloud.deployment.configure(
        "[host]\nenabled = all, openstack-storage-operation\n"
        f"[swift]\nfolder = {folder}\ndevices = {', '.join(DEVICES)}\nmounted = false\n"
    )
    passwords = cloud.passwords.read_text()
    cloud.deployment.kolla("config", "passwords")
    cloud.deployment.kolla("set", "start", "openstack-storage-operation")
    yield cloud
    cloud.deployment.kolla("set", "delete", "openstack-storage-operation", "--data", "--yes")
    assert "swift" not in cloud.use()
    cloud.deployment.configure("")
    cloud.passwords.write_text(passwords)


class Store:
    """What a user has in a container, and what it should be: the hash of each object."""

    def __init__(self, cloud: Cloud, container: str):
        self.session = cloud.connect().object_store
        self.path, self.kept = f"/{container}", {}
        assert self.session.put(self.path).status_code == 201

    def put(self, name: str, content: bytes) -> None:
        answer = self.session.put(f"{self.path}/{name}", data=content)
        assert answer.status_code == 201, answer.text
        self.kept[name] = hashlib.md5(content).hexdigest()

    def get(self, name: str) -> str:
        answer = self.session.get(f"{self.path}/{name}")
        assert answer.status_code == 200, answer.text
        return hashlib.md5(answer.content).hexdigest()

    def names(self) -> set[str]:
        return {item["name"] for item in self.session.get(f"{self.path}?format=json").json()}


@pytest.fixture(scope="module")
def store(swift) -> Store:
    store = Store(swift, "before")
    store.put("large", os.urandom(8 * MEGABYTE))
    return store


def test_an_object_lies_on_as_many_devices_as_there_are_replicas(swift, store, folder):
    found = [path.relative_to(folder).parts[0] for path in folder.glob("*/objects/*/*/*/*.data")]
    assert sorted(found) == sorted(DEVICES)
    assert store.get("large") == store.kept["large"]
    rows = swift.openstack("catalog", "list")
    assert "object-store" in {row["Type"] for row in rows}


@pytest.mark.parametrize("command", [("upgrade", "--release", AFTER), ("rollback",)], ids=[
    "upgrade", "rollback"])
def test_nobody_who_reads_or_writes_notices(swift, store, command):
    """Every part is replaced, one after the other."""
    numbers, verb, *words = itertools.count(), *command
    with (
        asking(lambda: store.put(f"{verb}-{next(numbers)}", os.urandom(10_000))) as writers,
        asking(lambda: store.get("large") == store.kept["large"]) as readers,
    ):
        writers.wait_for(lambda: writers.given or writers.failures)
        rows = swift.deployment.kolla(
            "container", verb, *PARTS, *words, "-f", "json", timeout=600).json()
    assert {row["outcome"] for row in rows} == {"done"}
    assert writers.failures == [] and readers.failures == [] and all(readers.given)
    assert {name: store.get(name) for name in store.kept} == store.kept
    assert store.names() == set(store.kept)

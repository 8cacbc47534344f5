"""Swift: objects survive every upgrade of every part, and nobody who reads or writes notices."""

import contextlib
import hashlib
import itertools
import os
import pathlib
from collections.abc import Iterator

import openstack
import pytest

from tests.functional.support.cloud import GLANCE, Cloud
from tests.functional.support.database import act
from tests.functional.support.gallery import Gallery
from tests.functional.support.harness import run
from tests.functional.support.images import SWIFT
from tests.functional.support.watching import asking, until

pytestmark = pytest.mark.service

BEFORE, AFTER = "2026.1", "2026.2"
DEVICES = ("d1", "d2", "d3")
USER = 42445
MEGABYTE = 1 << 20
#: Seconds within which daemons that look every few seconds have done their work.
DONE = 300
CONFIGURATION = """
[host]
enabled = all, openstack-storage-operation

[swift]
folder = {folder}
devices = {devices}

# The daemons look more often than they do by default.
[swift-account-replicator/account-replicator]
interval = 5
[swift-container-replicator/container-replicator]
interval = 5
# It tells the expirer of a container with objects to delete.
[swift-container-updater/container-updater]
interval = 5
[swift-object-replicator/object-replicator]
interval = 5
[swift-object-updater/object-updater]
interval = 5
[swift-object-auditor/object-auditor]
interval = 5
[swift-object-expirer/object-expirer]
interval = 5
"""


class Disks:
    """File systems in memory, on a mount that is shared, as those of a machine are."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder

    def mount(self, name: str) -> None:
        place = self.folder / name
        place.mkdir(exist_ok=True)
        run("mount", "-t", "tmpfs", "-o", f"size=512m,uid={USER},gid={USER}", name, place)

    def take_out(self, name: str) -> None:
        run("umount", "--lazy", self.folder / name)

    def of(self, pattern: str) -> dict[str, list[pathlib.Path]]:
        """The files of that pattern, by their disk."""
        return {name: found for name in DEVICES
                if (found := sorted((self.folder / name).glob(pattern)))}


@pytest.fixture(scope="module")
def disks(tmp_path_factory) -> Iterator[Disks]:
    folder = tmp_path_factory.mktemp("node")
    os.chown(folder, USER, USER)
    run("mount", "--bind", folder, folder)
    run("mount", "--make-shared", folder)
    disks = Disks(folder)
    for name in DEVICES:
        disks.mount(name)
    yield disks
    for name in DEVICES:
        disks.take_out(name)
    run("umount", "--lazy", folder)


@pytest.fixture(scope="module")
def swift(cloud, builder, disks) -> Iterator[Cloud]:
    """The cloud, with a Swift that was started from nothing."""
    for release in (BEFORE, AFTER):
        builder.only(*SWIFT, release=release)
    cloud.deployment.configure(
        CONFIGURATION.format(folder=disks.folder, devices=", ".join(DEVICES)))
    passwords = cloud.passwords.read_text()
    try:
        cloud.deployment.kolla("config", "passwords")
        cloud.deployment.kolla("set", "start", "openstack-storage-operation", timeout=900)
        yield cloud
    finally:
        told = cloud.deployment.kolla(
            "set", "delete", "openstack-storage-operation", "--data", "--yes", timeout=900)
        cloud.deployment.configure("")
        cloud.passwords.write_text(passwords)
    assert "swift" not in cloud.use(), told.stdout
    assert "object-store" not in {row["Type"] for row in cloud.openstack("service", "list")}


class Store:
    """What a user has in a container, and what it should be: the hash of each object."""

    def __init__(self, cloud: Cloud, container: str):
        self.session = cloud.connect().object_store
        self.path, self.kept = f"/{container}", {}
        assert self.session.put(self.path).status_code == 201

    def put(self, name: str, content: bytes, **headers: str) -> None:
        answer = self.session.put(f"{self.path}/{name}", data=content, headers=headers)
        assert answer.status_code == 201, answer.text
        self.kept[name] = hashlib.md5(content).hexdigest()

    def get(self, name: str) -> str:
        answer = self.session.get(f"{self.path}/{name}")
        assert answer.status_code == 200, answer.text
        return hashlib.md5(answer.content).hexdigest()

    def names(self) -> set[str]:
        return {item["name"] for item in self.session.get(f"{self.path}?format=json").json()}

    @contextlib.contextmanager
    def in_use(self, word: str) -> Iterator[None]:
        """It is written to and read from while the block runs, and nothing may fail."""
        numbers = itertools.count()
        with (
            asking(lambda: self.put(f"{word}-{next(numbers)}", os.urandom(10_000))) as writers,
            asking(lambda: self.get("large") == self.kept["large"]) as readers,
        ):
            writers.wait_for(lambda: writers.given or writers.failures)
            yield
        assert writers.failures == [] and readers.failures == [] and all(readers.given)
        assert {name: self.get(name) for name in self.kept} == self.kept
        # A replica that missed an update is told of it later.
        until(lambda: self.names() == set(self.kept), DONE)


@pytest.fixture(scope="module")
def store(swift) -> Store:
    store = Store(swift, "before")
    store.put("large", os.urandom(8 * MEGABYTE))
    return store


def large(disks: Disks) -> dict[str, pathlib.Path]:
    """The file of the large object on each disk."""
    return {name: path for name, found in disks.of("objects/*/*/*/*.data").items()
            for path in found if path.stat().st_size == 8 * MEGABYTE}


def conditions(swift: Cloud) -> dict[str, str]:
    """What is wrong with which container of Swift."""
    rows = swift.deployment.kolla(
        "set", "check", "swift", "-f", "json", expect=None, timeout=300).json()
    return {row["container"]: row["detail"] for row in rows if row["health"] != "healthy"}


def test_an_object_lies_on_as_many_devices_as_there_are_replicas(swift, store, disks):
    assert sorted(large(disks)) == sorted(DEVICES)
    assert store.get("large") == store.kept["large"]
    rows = swift.openstack("catalog", "list")
    assert "object-store" in {row["Type"] for row in rows}


def test_a_disk_that_was_replaced_is_filled_again(swift, store, disks):
    """Nobody notices that it is missing, but for the operator."""
    with store.in_use("missing"):
        disks.take_out("d3")
        told = until(lambda: conditions(swift).get("swift-object-server"), DONE)
        assert f"no disk is mounted on {disks.folder}/d3" in told
    disks.mount("d3")
    until(lambda: "d3" in large(disks), DONE)
    until(lambda: "d3" in disks.of("containers/*/*/*/*.db"), DONE)
    until(lambda: "d3" in disks.of("accounts/*/*/*/*.db"), DONE)
    assert hashlib.md5(large(disks)["d3"].read_bytes()).hexdigest() == store.kept["large"]
    until(lambda: not conditions(swift), DONE)


def test_a_damaged_object_is_found_and_replaced(swift, store, disks):
    path = large(disks)["d1"]
    with path.open("r+b") as file:
        file.write(b"damaged")
    until(lambda: disks.of("quarantined/objects/*/*.data"), DONE)
    until(lambda: "d1" in large(disks), DONE)
    assert hashlib.md5(large(disks)["d1"].read_bytes()).hexdigest() == store.kept["large"]


def test_an_object_is_deleted_when_its_time_is_over(swift, store, disks):
    before = disks.of("objects/*/*/*/*.data")
    short = Store(swift, "short")
    short.put("note", b"for a moment", **{"X-Delete-After": "1"})
    until(lambda: not short.names(), DONE)
    until(lambda: disks.of("objects/*/*/*/*.data") == before, DONE)


@pytest.fixture(scope="module")
def gallery(swift) -> Iterator[Gallery]:
    """One in a file; further ones go to Swift."""
    gallery = Gallery(swift)
    gallery.upload("in a file")
    try:
        gallery.stores("swift, file")
        yield gallery
        gallery.delete()
    finally:
        (swift.deployment.config_dir / "kolla.conf.d" / "91-glance.conf").unlink()
        swift.deployment.kolla("container", "upgrade", "glance-api", timeout=600)


def in_swift(disks: Disks, size: int) -> list[str]:
    """The disks with an object of that many bytes."""
    return [name for name, found in disks.of("objects/*/*/*/*.data").items()
            if size in {path.stat().st_size for path in found}]


def test_images_are_kept_in_swift_and_those_in_files_can_still_be_read(swift, gallery, disks):
    size = 3 * MEGABYTE + 17
    image = gallery.upload("in Swift", size)
    # Swift acknowledges what two of three disks have.
    until(lambda: in_swift(disks, size) == list(DEVICES), DONE)
    assert gallery.are_whole()
    gallery.delete(image)
    until(lambda: not in_swift(disks, size), DONE)


def test_images_in_swift_can_be_read_when_new_ones_go_to_files_again(swift, gallery, disks):
    gallery.upload("in Swift")
    gallery.stores("file, swift")
    size = MEGABYTE + 17
    gallery.upload("in a file again", size)
    assert in_swift(disks, size) == []
    assert gallery.are_whole()
    gallery.stores("swift, file")


def test_a_rollback_to_files_keeps_images_in_swift_until_the_next_upgrade(swift, gallery):
    gallery.stores("file")
    file = gallery.upload("in a file")
    gallery.stores("swift, file")
    there = gallery.upload("in Swift")
    act(swift.deployment, "rollback", "glance-api")
    assert gallery.is_whole(file)
    assert there in {image.id for image in gallery.connection.image.images()}
    with pytest.raises(openstack.exceptions.SDKException):  # its hash is wrong: it is not there
        gallery.is_whole(there)
    swift.deployment.kolla("container", "upgrade", "glance-api", timeout=600)
    assert gallery.are_whole()


def test_images_in_swift_can_be_read_with_another_password_of_glance(swift, gallery):
    before, old = swift.passwords.read_text(), swift.secrets()["glance.password"]
    for text in (before.replace(old, f"{old[::-1]}-$x%"), before):
        swift.passwords.write_text(text)
        swift.deployment.kolla("container", "upgrade", "glance-api", timeout=600)
        until(gallery.are_whole, DONE)


def test_nobody_has_glance_log_in_anywhere_else(swift, gallery):
    image = gallery.connection.image.create_image(
        "elsewhere", disk_format="raw", container_format="bare")
    answer = gallery.connection.image.post(f"/images/{image.id}/locations", json={
        "url": f"swift+http://service%3Aa:b@{swift.deployment.address}:{GLANCE}/v3/glance/image",
    })
    assert answer.status_code == 403, answer.text
    gallery.connection.image.delete_image(image)


def test_a_store_that_nobody_has_is_refused(swift):
    path = swift.deployment.configure(
        "[host]\nenabled = all\n[glance]\nstores = swift\n", "92-bad")
    try:
        told = swift.deployment.kolla("container", "upgrade", "glance-api", expect=1)
    finally:
        path.unlink()
    assert f"{path}:4" in told.stderr and "no host has swift-proxy-server" in told.stderr


THERE_AND_BACK = pytest.mark.parametrize(
    "command", [("upgrade", "--release", AFTER), ("rollback",)], ids=["upgrade", "rollback"])


@THERE_AND_BACK
def test_images_go_into_swift_and_come_out_while_glance_is_changed(swift, gallery, command):
    with gallery.in_use(command[0]):
        act(swift.deployment, command[0], "glance-api", *command[1:])


@THERE_AND_BACK
def test_nobody_who_reads_or_writes_notices(swift, store, gallery, command):
    """Every part is replaced, one after the other. Glance reads and writes as well."""
    verb, *words = command
    with store.in_use(verb), gallery.in_use(verb):
        rows = swift.deployment.kolla(
            "set", verb, "swift", *words, "-f", "json", timeout=1200).json()
    assert {row["outcome"] for row in rows} == {"done"}
    assert len({row["container"] for row in rows}) == 16

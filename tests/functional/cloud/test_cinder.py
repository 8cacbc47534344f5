"""Cinder with Ceph, from its first start to its removal: volumes are made on through upgrades."""

import contextlib
import itertools
import os
from collections.abc import Iterator

import pytest

from tests.functional.support.ceph import FAST, IMAGE, PLUGIN, POOL, ceph, checksum, inside
from tests.functional.support.cloud import Cloud, started
from tests.functional.support.database import query
from tests.functional.support.images import CINDER
from tests.functional.support.volume_group import volume_group
from tests.functional.support.volumes import CONTAINERS, DONE, Volumes
from tests.functional.support.watching import asking, get, until

pytestmark = pytest.mark.service

RELEASES = ("2025.2", "2026.1", "2026.2")
PORT = 8776
CONFIGURATION = f"""\
[DEFAULT]
release = {RELEASES[0]}

[cinder]
backends = rbd, rbd-fast
backup_folder = {{backups}}

[cinder-volume/rbd-fast]
volume_driver = cinder.volume.drivers.rbd.RBDDriver
volume_backend_name = rbd-fast
rbd_pool = fast
"""


@pytest.fixture(scope="module")
def cinder(cloud, builder, tmp_path_factory) -> Iterator[Cloud]:
    """The cloud, with a Cinder that was started from nothing."""
    for release in RELEASES:
        builder.only(*CINDER, release=release)
    builder.plugin(PLUGIN, IMAGE)
    more = CONFIGURATION.format(backups=tmp_path_factory.mktemp("backups"))
    with (
        ceph(cloud.deployment),
        started(cloud, "30-cinder", CONTAINERS, more, beside=("all", "ceph")),
    ):
        with cloud.connect() as connection:
            Volumes.without_limit(connection)
        yield cloud


@pytest.fixture
def volumes(cinder) -> Iterator[Volumes]:
    with cinder.connect() as connection:
        yield Volumes(connection)


@pytest.fixture
def unplaced(volumes) -> Iterator[str]:
    """A volume for which no backend has room."""
    volume = volumes.begin(size=1 << 20)
    until(lambda: volumes.status(volume) == "error", DONE)
    yield volume
    volumes.delete("volumes", volume)


def stored(cinder: Cloud, pool: str) -> list[str]:
    """The volumes that are in a pool."""
    return inside(cinder.deployment, "rbd", "ls", pool).split()


@contextlib.contextmanager
def made_on(cinder: Cloud) -> Iterator[None]:
    """Volumes are begun one after the other while the block runs; in the end all can be used."""
    begun: list[str] = []
    with cinder.connect() as connection:
        volumes = Volumes(connection)
        with asking(lambda: begun.append(volumes.begin()), pause=1) as answers:
            answers.wait_for(lambda: len(begun) > 1 or answers.failures)
            yield
        assert answers.failures == []
        for volume in begun:
            volumes.ready("volumes", volume)
        volumes.delete("volumes", *begun)


@contextlib.contextmanager
def unnoticed(cinder: Cloud) -> Iterator[None]:
    """The API answers everything while the block runs."""
    with cinder.connect() as connection:
        volumes = Volumes(connection)
        with (
            asking(volumes.all, pause=0.2) as users,
            asking(lambda: get(cinder.deployment.address, PORT, "/healthcheck")) as visitors,
        ):
            yield
    assert users.failures == visitors.failures == []
    assert users.given and visitors.given


def test_a_volume_of_an_image_outlives_its_removal_in_a_backup(cinder, volumes):
    data = os.urandom(8 << 20)
    with cinder.connect() as connection:
        image = connection.create_image(
            "disk", data=data, disk_format="raw", container_format="bare", wait=True)
    volume = volumes.make(imageRef=image.id)
    written = checksum(cinder.deployment, volume, len(data))
    snapshot, backup = volumes.snapshot(volume), volumes.back_up(volume)
    copy = volumes.make(snapshot_id=snapshot)
    assert checksum(cinder.deployment, copy, len(data)) == written
    volumes.delete("volumes", copy)
    volumes.delete("snapshots", snapshot)
    volumes.delete("volumes", volume)
    restored = volumes.restore(backup)
    assert checksum(cinder.deployment, restored, len(data)) == written
    volumes.delete("volumes", restored)
    volumes.delete("backups", backup)
    assert stored(cinder, POOL) == stored(cinder, FAST) == []


@pytest.mark.parametrize("backend, pool", [("rbd", POOL), ("rbd-fast", FAST)])
def test_a_volume_is_kept_in_the_backend_that_its_type_names(cinder, volumes, backend, pool):
    volume = volumes.make(volume_type=volumes.of_backend(backend))
    assert f"volume-{volume}" in stored(cinder, pool)
    volumes.delete("volumes", volume)


def test_a_volume_for_which_no_backend_has_room_is_an_error_that_says_so(volumes, unplaced):
    assert volumes.complaints(unplaced) == ["schedule allocate volume:Could not find any available"
                                            " weighted backend."]


@pytest.mark.usefixtures("unplaced")
@pytest.mark.parametrize("before, after", [*itertools.pairwise(RELEASES)])
def test_volumes_are_made_on_while_cinder_is_upgraded_and_rolled_back(cinder, before, after):
    kolla = cinder.deployment.kolla
    kolla("container", "upgrade", *CONTAINERS, "--release", before, timeout=1200)
    with unnoticed(cinder), made_on(cinder):
        kolla("container", "upgrade", *CONTAINERS, "--release", after, timeout=1200)
    assert {cinder.current(name)["release"] for name in CONTAINERS} == {after}
    with unnoticed(cinder), made_on(cinder):
        kolla("container", "rollback", *CONTAINERS, timeout=1200)
    assert {cinder.current(name)["release"] for name in CONTAINERS} == {before}


@pytest.mark.parametrize("options, reason", [
    ("backends = lvm\nvolume_group = nobodys",
     "lvm: there is no volume group nobodys: make it with `vgcreate nobodys DISK`"),
    ("backends = rbd\npool = nothing", "rbd: Ceph refuses the pool nothing to client.cinder"),
    ("backends = backend1", "backend1 has no driver"),
])
def test_a_backend_that_could_hold_no_volumes_is_refused(cinder, volumes, options, reason):
    path = cinder.deployment.configure(f"[cinder]\n{options}\n", "40-refused")
    try:
        refused = cinder.deployment.kolla("container", "upgrade", "cinder-volume", expect=1).stderr
    finally:
        path.unlink()
    assert f"[cinder] backends: {reason}" in refused
    volumes.delete("volumes", volumes.make())


def test_a_volume_group_of_somebody_else_is_refused(cinder, tmp_path):
    deployment = cinder.deployment
    image = cinder.current("cinder-volume")["image"]
    with volume_group(deployment.engine, image, tmp_path, "root") as name:
        options = f"[cinder]\nbackends = lvm\nvolume_group = {name}\n"
        path = deployment.configure(options, "40-refused")
        try:
            refused = deployment.kolla("container", "upgrade", "cinder-volume", expect=1).stderr
        finally:
            path.unlink()
    assert f"lvm: the volume group {name} is used for something else, root: name one" in refused


def queues(cinder: Cloud) -> list[str]:
    """Cinder's queues that stay until somebody removes them."""
    listed = cinder.deployment.kolla(
        "container", "exec", "rabbitmq", "--", "rabbitmqctl", "-q", "list_queues", "name",
        "arguments").stdout.splitlines()
    return [line for line in listed if "cinder" in line and "x-expires" not in line]


def test_it_is_deleted_without_a_trace(cinder):
    assert queues(cinder)
    cinder.deployment.kolla("container", "delete", *CONTAINERS, "--data", "--yes", timeout=900)
    assert "cinder" not in query(cinder, "SHOW DATABASES")
    assert "cinder" not in query(cinder, "SELECT user FROM mysql.global_priv")
    with cinder.connect() as connection:
        assert "block-storage" not in {each.type for each in connection.identity.services()}
        assert "cinder" not in {each.name for each in connection.identity.users()}
    assert queues(cinder) == []

"""A virtual machine writes to a volume in Ceph while what it hangs on is replaced; with TLS."""

import contextlib
import itertools
import threading
import time
from collections.abc import Iterator

import pytest

from tests.functional.conftest import NETWORK
from tests.functional.support import disks, guest
from tests.functional.support.beside import beside
from tests.functional.support.ceph import IMAGE, PLUGIN, ceph, export, inside
from tests.functional.support.cloud import Cloud
from tests.functional.support.guest import first, processes
from tests.functional.support.images import CINDER, COMPUTE, OPTIONAL
from tests.functional.support.server import BOOTS, complaints, whole
from tests.functional.support.volumes import CONTAINERS, DONE, Volumes
from tests.functional.support.watching import until

BEFORE, AFTER = "2026.1", "2026.2"
CONFIGURATION = """\
[host]
enabled = all, nova-api, placement-api, openstack-control, openstack-compute-operation,
          openstack-network-operation, ceph, cinder-api, cinder-controller, cinder

[cinder]
backup_folder = {folder}

[api]
tls = true

[database]
tls = true
require_tls = true

[messaging]
tls = true
"""
#: Seconds between two looks at what was written, and without a write of a disk that has stopped.
LOOK, STOPPED = 0.05, 30

pytestmark = pytest.mark.exhaustive


@pytest.fixture(scope="module")
def cloud(engine, builder, images, tmp_path_factory) -> Iterator[Cloud]:
    """A cloud with volumes, and with what virtual machines are booted from."""
    images(BEFORE)
    builder.only(*OPTIONAL, *COMPUTE, *CINDER, release=BEFORE)
    builder.only(*OPTIONAL, "nova-compute", *CINDER, release=AFTER)
    builder.plugin(PLUGIN, IMAGE)
    backups = tmp_path_factory.mktemp("backups")
    with whole(engine, tmp_path_factory.mktemp("volumes"), f"{NETWORK}.207") as cloud:
        cloud.scheme = "https"
        cloud.deployment.configure(CONFIGURATION.format(folder=backups), "20-volumes")
        with ceph(cloud.deployment):
            cloud.deployment.kolla("config", "passwords")
            cloud.deployment.kolla("config", "certificates")
            cloud.deployment.kolla("host", "prepare", expect=None)
            cloud.deployment.kolla("set", "start", timeout=2400)
            yield cloud


class Machine:
    """A virtual machine with a volume, as its user sees it."""

    def __init__(self, cloud: Cloud, id: str, volume: str):
        self.cloud, self.id, self.volume = cloud, id, volume
        (self.born,) = processes(id)

    @property
    def console(self):
        return self.cloud.deployment.volume("nova") / "instances" / self.id / "console.log"

    def written(self) -> int:
        return disks.written(self.console)

    def on_ceph(self) -> int:
        """The number that is on the volume itself."""
        command = f"{export(self.volume)} | head --bytes=512"
        return int(inside(self.cloud.deployment, "bash", "-c", command))

    @contextlib.contextmanager
    def writing(self) -> Iterator[list[float]]:
        """When each write was seen, in seconds, while the block runs and until one after it."""
        seen, last = [time.monotonic()], self.written()

        def watch(done: threading.Event) -> None:
            nonlocal last
            while not done.wait(LOOK):
                if (now := self.written()) != last:
                    last = now
                    seen.append(time.monotonic())

        with beside(watch):
            yield seen
            after = self.written()
            until(lambda: last > after, DONE)
        gap = max(later - earlier for earlier, later in itertools.pairwise(seen))
        print(f"{len(seen)} looks at new writes, the longest time without one {gap:.2f} s")
        assert gap < STOPPED
        assert b"disk failed" not in self.console.read_bytes()
        assert processes(self.id) == [self.born]
        assert self.on_ceph() >= after


@pytest.fixture(scope="module")
def machine(cloud, tmp_path_factory) -> Machine:
    """It has booted, a volume was attached to it, and it writes there."""
    folder = disks.image(guest.FOLDER, tmp_path_factory.mktemp("guest"))
    with cloud.connect() as connection:
        compute, network = connection.compute, connection.network
        first.await_hypervisor(compute)
        flavor = compute.create_flavor(name=first.NAME, ram=first.MEMORY, vcpus=1, disk=first.DISK)
        inside = network.create_network(name=first.NAME)
        network.create_subnet(network_id=inside.id, cidr=first.INSIDE, ip_version=4)
        server = compute.create_server(
            name=first.NAME, image_id=first.image(connection, folder), flavor_id=flavor.id,
            networks=[{"uuid": inside.id}])
        until(lambda: compute.get_server(server.id).status != "BUILD", BOOTS)
        assert compute.get_server(server.id).status == "ACTIVE", complaints(cloud)
        volumes = Volumes(connection)
        volume = volumes.make()
        compute.create_volume_attachment(server.id, volumeId=volume)
        machine = Machine(cloud, server.id, volume)
        until(machine.written, BOOTS)
    return machine


def test_a_machine_writes_on_while_cinder_is_upgraded_and_rolled_back(machine):
    kolla = machine.cloud.deployment.kolla
    with machine.writing():
        kolla("container", "upgrade", *CONTAINERS, "--release", AFTER, timeout=1200)
    with machine.writing():
        kolla("container", "rollback", *CONTAINERS, timeout=1200)


def test_a_machine_writes_on_while_nova_is_upgraded_and_rolled_back(machine):
    kolla = machine.cloud.deployment.kolla
    nova = ("nova-conductor", "nova-scheduler", "nova-api", "metadata-service", "nova-novncproxy",
            "nova-compute")
    with machine.writing():
        kolla("container", "upgrade", *nova, "--release", AFTER, timeout=1500)
    with machine.writing():
        kolla("container", "rollback", *nova, timeout=1500)


def test_a_machine_writes_on_while_libvirt_is_replaced(machine):
    with machine.writing():
        machine.cloud.deployment.kolla("container", "restart", "nova-libvirt", timeout=600)


def test_the_volume_is_detached_and_holds_what_was_written(machine):
    written = machine.written()
    with machine.cloud.connect() as connection:
        connection.compute.delete_volume_attachment(machine.id, machine.volume)
        volumes = Volumes(connection)
        until(lambda: volumes.status(machine.volume) == "available", DONE)
        assert machine.on_ceph() >= written
        connection.compute.delete_server(machine.id)
        until(lambda: not processes(machine.id), DONE)
        volumes.delete("volumes", machine.volume)

"""A virtual machine writes to a volume in Ceph while what it hangs on is replaced; with TLS."""

import contextlib
from collections.abc import Iterator

import pytest

from tests.functional.conftest import NETWORK
from tests.functional.support import disks, guest
from tests.functional.support.ceph import IMAGE, PLUGIN, ceph, checksum
from tests.functional.support.cloud import Cloud
from tests.functional.support.guest import first, processes, ticking
from tests.functional.support.images import CINDER, COMPUTE, OPTIONAL
from tests.functional.support.server import BOOTS, TLS, complaints, whole
from tests.functional.support.volumes import CONTAINERS, DONE, Volumes
from tests.functional.support.watching import until

BEFORE, AFTER = "2026.1", "2026.2"
CONFIGURATION = """\
[host]
enabled = all, nova-api, placement-api, openstack-control, openstack-compute-operation,
          openstack-network-operation, ceph, cinder-api, cinder-controller, cinder

[cinder]
backup_folder = {folder}
"""
NOVA = (
    "nova-conductor", "nova-scheduler", "nova-api", "metadata-service", "nova-novncproxy",
    "nova-compute",
)
#: Seconds without a write of a disk that has stopped. How long the longest pause was is printed.
STOPPED = 30

pytestmark = pytest.mark.service


@pytest.fixture(scope="module")
def cloud(engine, builder, images, tmp_path_factory) -> Iterator[Cloud]:
    """A cloud with volumes, and with what virtual machines are booted from."""
    images(BEFORE)
    builder.only(*OPTIONAL, *COMPUTE, *CINDER, release=BEFORE)
    builder.only("nova", "nova-compute", *CINDER, release=AFTER)
    builder.plugin(PLUGIN, IMAGE)
    backups = tmp_path_factory.mktemp("backups")
    with whole(engine, tmp_path_factory.mktemp("volumes"), f"{NETWORK}.207") as cloud:
        cloud.scheme = "https"
        cloud.deployment.configure(TLS, "20-tls")
        cloud.deployment.configure(CONFIGURATION.format(folder=backups), "30-volumes")
        with ceph(cloud.deployment):
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

    def kept(self) -> None:
        """Whatever was written is on the volume."""
        written = self.written()
        found = checksum(self.cloud.deployment, self.volume, written * disks.BLOCK)
        assert found == disks.checksum(written)

    @contextlib.contextmanager
    def writing(self, meanwhile: str) -> Iterator[None]:
        """It writes on while the block runs, and nothing of it is lost."""
        before = self.written()
        with ticking(self.console, b"disk ") as writes, ticking(self.console) as ticks:
            yield
            after = self.written()
            until(lambda: self.written() > after, DONE)
        print(f"{meanwhile}: {after - before} writes; {writes.gap:.2f} s without a write at most,"
              f" {ticks.gap:.2f} s without a tick of its clock")
        assert writes.gap < STOPPED
        assert b"disk failed" not in self.console.read_bytes()
        assert processes(self.id) == [self.born]
        self.kept()

    def upgraded_and_rolled_back(self, *names: str, options: tuple[str, ...] = ()) -> None:
        kolla = self.cloud.deployment.kolla
        with self.writing(f"{names[0]}… upgraded"):
            kolla("container", "upgrade", *names, *options, timeout=1500)
        with self.writing(f"{names[0]}… rolled back"):
            kolla("container", "rollback", *names, timeout=1500)


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
        volume = Volumes(connection).make()
        compute.create_volume_attachment(server.id, volume)
        machine = Machine(cloud, server.id, volume)
        until(machine.written, BOOTS)
    with machine.writing("at rest"):
        cloud.deployment.kolla("set", "check", "--quick", expect=None)
    return machine


def test_a_machine_writes_on_while_cinder_is_upgraded_and_rolled_back(machine):
    machine.upgraded_and_rolled_back(*CONTAINERS, options=("--release", AFTER))


def test_a_machine_writes_on_while_nova_is_upgraded_and_rolled_back(machine):
    machine.upgraded_and_rolled_back(*NOVA, options=("--release", AFTER))


def test_a_machine_writes_on_while_libvirt_is_upgraded_and_rolled_back(machine):
    option = "[nova-libvirt/libvirtd]\nmax_clients = 6000\n"
    machine.cloud.deployment.configure(option, "80-option")
    machine.upgraded_and_rolled_back("nova-libvirt")


def test_volumes_are_attached_and_detached_after_all_that(machine):
    with machine.cloud.connect() as connection:
        compute, volumes = connection.compute, Volumes(connection)
        further = [volumes.make() for _ in range(3)]
        for volume in further:
            compute.create_volume_attachment(machine.id, volume)
            assert volumes.settled(volume) == "in-use", complaints(machine.cloud)
        for volume in (*further, machine.volume):
            compute.delete_volume_attachment(machine.id, volume)
            assert volumes.settled(volume) == "available", complaints(machine.cloud)

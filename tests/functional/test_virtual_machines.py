"""A virtual machine of a user goes on while everything under it is replaced.

It is booted through Nova on a machine of its own: from two images in Glance, with an address from
DHCP, a name and a key from the metadata service, and a floating address.
"""

import contextlib
import dataclasses
import pathlib
import time
import urllib.request
from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest

from tests.functional.conftest import NETWORK
from tests.functional.support import guest
from tests.functional.support.cloud import Cloud
from tests.functional.support.guest import Ticks, first, processes, ticking
from tests.functional.support.harness import Deployment, run
from tests.functional.support.machine import machine
from tests.functional.support.namespaces import within
from tests.functional.support.pings import INTERVAL, Pings, pinging
from tests.functional.support.watching import until

ADDRESS = f"{NETWORK}.204"
RELEASE = "2026.1"
CONFIGURATION = f"""\
[host]
enabled = all, nova-api, placement-api, openstack-control, openstack-compute-operation,
          openstack-network-operation

[openvswitch]
datapath = netdev

[neutron]
physical_networks = {first.PHYSICAL}:br-ex
bridge_addresses = br-ex:{first.GATEWAY}/24
"""
IMAGES = (
    "mariadb", "rabbitmq", "keystone", "glance-api", "placement-api", "nova", "nova-compute",
    "nova-libvirt", "neutron", "neutron-agents", "openvswitch",
)
#: Seconds without a tick. The clock ticks every 0.1 seconds.
UNNOTICED = 0.25
#: Pings within a second.
SECOND = 1 / INTERVAL
T = TypeVar("T")

pytestmark = pytest.mark.exhaustive


@dataclasses.dataclass
class Machine:
    """A virtual machine, as its user and its operator see it."""

    host: Deployment
    cloud: Cloud
    id: str = ""
    floating: str = ""
    #: As libvirt calls it.
    instance: str = ""

    @property
    def outer(self) -> pathlib.Path:
        """The network of the machine that it runs on."""
        return pathlib.Path(f"/proc/{self.host.engine.pid()}/ns/net")

    @property
    def console(self) -> pathlib.Path:
        return self.host.volume("nova") / "instances" / self.id / "console.log"

    def ask(self, work: Callable[..., T]) -> T:
        """What a user finds who is connected to the cloud."""
        def connected() -> T:
            with self.cloud.connect() as connection:
                return work(connection)

        return within(self.outer, connected)

    def status(self) -> str:
        return self.ask(lambda connection: connection.compute.get_server(self.id).status)

    def page(self, name: str) -> str:
        """What it tells whoever reaches its floating address."""
        url = f"http://{self.floating}/{name}"

        def get() -> str:
            with contextlib.suppress(OSError):
                return urllib.request.urlopen(url, timeout=5).read().decode().strip()
            return ""

        return within(self.outer, get)

    @contextlib.contextmanager
    def at_work(self) -> Iterator[tuple[Ticks, Pings]]:
        """Its clock ticks, and it is pinged, while the block runs."""
        with ticking(self.console) as ticks, pinging(self.floating, self.outer) as pings:
            until(lambda: pings.answered)
            yield ticks, pings
        print(f"{ticks.gap:.3f} s without a tick, {pings.lost} of {pings.sent} pings lost")


@pytest.fixture(scope="module")
def host(engine, builder, tmp_path_factory) -> Iterator[Machine]:
    """A whole cloud on a machine of its own, in which nothing runs yet."""
    builder.only(*IMAGES)
    guest.image()
    with machine(engine) as place:
        made = Deployment(place, tmp_path_factory.mktemp("cloud"), ADDRESS).prepare()
        made.configure(CONFIGURATION, "10-host")
        run(*place.inside(), "ip", "address", "add", f"{ADDRESS}/32", "dev", "lo")
        made.kolla("config", "passwords")
        made.kolla("host", "prepare", expect=None)
        made.kolla("set", "start")
        yield Machine(made, Cloud(made))


@pytest.fixture(scope="module")
def clock(host) -> Machine:
    """A virtual machine that a user has booted."""
    began = time.monotonic()
    host.id, host.floating = host.ask(
        lambda connection: first.make(connection, guest.FOLDER, first.key(guest.FOLDER))
    )
    until(lambda: host.status() != "BUILD", 300)
    print(f"{host.status()} after {time.monotonic() - began:.1f} s")
    assert host.status() == "ACTIVE"
    host.instance = host.ask(
        lambda connection: connection.compute.get_server(host.id).instance_name
    )
    return host


def test_a_virtual_machine_has_an_address_a_name_and_a_key_and_is_reached(clock):
    until(lambda: clock.page("key"), 300)
    assert clock.page("key") == first.key(guest.FOLDER)
    assert clock.page("hostname").split(".")[0] == first.NAME
    assert clock.page("address").startswith("10.1.0.")
    assert clock.page("gateway")


SETS = (
    "openstack-control", "openstack-interface", "openstack-network-operation", "nova-libvirt",
    "nova-compute",
)


@pytest.mark.parametrize("name", SETS)
def test_a_virtual_machine_does_not_notice_a_restart_of(name, clock):
    process = processes(clock.instance)
    kind = "container" if name.startswith("nova-") else "set"
    with ticking(clock.console) as noise:
        clock.host.kolla("container", "list")
    with clock.at_work() as (ticks, pings):
        clock.host.kolla(kind, "restart", name)
    assert pings.lost == 0
    assert ticks.gap <= max(UNNOTICED, 2 * noise.gap)
    assert processes(clock.instance) == process


def test_nova_still_ends_starts_and_deletes_it(clock):
    for action, status in (("stop_server", "SHUTOFF"), ("start_server", "ACTIVE")):
        clock.ask(lambda connection: getattr(connection.compute, action)(clock.id))
        until(lambda: clock.status() == status, 180)
    clock.ask(lambda connection: connection.compute.reboot_server(clock.id, "HARD"))
    until(lambda: clock.status() == "ACTIVE", 180)
    clock.ask(lambda connection: connection.compute.delete_server(clock.id))
    until(lambda: not processes(clock.instance), 180)
    assert not clock.console.exists()

"""A virtual machine of a user goes on while everything under it is replaced.

It was booted before Nova was upgraded (test_nova.py) and the agents of Neutron (test_networks.py).
"""

import pytest

from tests.functional.support.guest import first, processes
from tests.functional.support.plugged import vsctl
from tests.functional.support.server import another, members
from tests.functional.support.watching import until

#: Seconds without a tick of a clock that has stopped. It ticks every 0.1 seconds; how evenly, on a
#: machine that does nothing else, is for the benchmark ``machines`` to say.
STOPPED = 5
SETS = (
    "openstack-control", "openstack-interface", "openstack-network-operation", "nova-libvirt",
    "nova-compute",
)


def test_it_did_not_notice_what_was_tried_before(server):
    assert server.process == server.born
    assert until(lambda: server.page("hostname"))


@pytest.mark.parametrize("name", SETS)
def test_a_virtual_machine_does_not_notice_a_restart_of(name, server):
    host = server.host
    names = members(host, name)
    kind = "container" if names == [name] else "set"
    with server.at_work() as (ticks, pings):
        host.kolla(kind, "restart", name)
    print(f"{ticks.gap:.3f} s without a tick; {pings.lost} of {pings.sent} pings lost")
    assert pings.lost == 0
    assert ticks.gap < STOPPED
    assert server.process == server.born


@pytest.mark.parametrize(("kind", "name", "who"), (
    ("set", "openstack-compute-operation", "quickstart"),
    ("container", "nova-libvirt", "quickstart"),
    ("container", "ovs-vswitchd", ""),
))
def test_nothing_that_it_needs_is_stopped_or_deleted_unasked(kind, name, who, server):
    for action in (("stop",), ("delete", "--yes"), ("delete", "--data", "--yes")):
        refused = server.host.kolla(kind, action[0], name, *action[1:], expect=1).stderr
        assert (who or server.id) in refused and "--force" in refused
    assert server.process == server.born


@pytest.mark.service
def test_nova_still_stops_starts_reboots_resizes_and_saves_it(server):
    def done(status: str) -> None:
        until(lambda: server.status() == status, 240)

    with server.cloud.connect() as connection:
        compute = connection.compute
        compute.stop_server(server.id)
        done("SHUTOFF")
        compute.start_server(server.id)
        done("ACTIVE")
        until(lambda: server.page("hostname"), 240)
        before = server.process
        compute.reboot_server(server.id, "SOFT")
        until(lambda: list(processes(server.id)) not in ([], [before]), 240)
        done("ACTIVE")
        saved = compute.create_server_image(server.id, "saved")
        until(lambda: connection.image.get_image(saved.id).status == "active", 120)
        larger = compute.create_flavor(name="larger", ram=192, vcpus=1, disk=1)
        compute.resize_server(server.id, larger.id)
        done("VERIFY_RESIZE")
        compute.confirm_server_resize(server.id)
        done("ACTIVE")


def test_nova_still_gives_it_an_interface(server):
    with server.cloud.connect() as connection:
        compute, network = connection.compute, connection.network
        inside = network.find_network(first.NAME).id
        port = compute.create_server_interface(server.id, net_id=inside).port_id
        until(lambda: network.get_port(port).status == "ACTIVE", 120)
        compute.delete_server_interface(port, server=server.id)
        until(lambda: not network.find_port(port), 120)


def test_what_is_being_built_is_finished_before_the_hypervisor_is_replaced(server):
    host = server.host
    host.configure("[nova-compute/DEFAULT]\nmax_logfile_count = 33\n", "80-build")
    with another(server) as made, server.cloud.connect() as connection:
        until(lambda: connection.compute.get_server(made.id).compute_host, 120)
        host.kolla("container", "upgrade", "nova-compute")
        assert made.status() == "ACTIVE"


def test_a_virtual_machine_that_is_deleted_leaves_nothing(server):
    with server.cloud.connect() as connection:
        connection.compute.delete_server(server.id)
    until(lambda: not processes(server.id), 120)
    until(lambda: not server.console.parent.exists(), 120)
    until(lambda: server.id not in vsctl(server.host, "list", "Interface"), 120)

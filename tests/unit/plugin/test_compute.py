"""What runs virtual machines: libvirt, Open vSwitch and nova-compute."""

from kolla_plugins import openvswitch
from kolla_plugins.libvirt import NOVA_LIBVIRT
from kolla_plugins.nova.compute import NOVA_COMPUTE
from kolla_plugins.openvswitch import GROUP, OVS_VSWITCHD, OVSDB_SERVER


def granted(container, kind: str) -> set[str]:
    return {item.value for item in container.privileges if item.kind == kind}


def test_nova_compute_is_told_of_no_database():
    assert not [name for name in NOVA_COMPUTE.environment if "DATABASE" in name]
    assert not [file.path for file in NOVA_COMPUTE.files if "database" in file.path]


def test_nova_compute_makes_ports_where_the_switch_listens():
    assert NOVA_COMPUTE.environment["OS_OS_VIF_OVS__OVSDB_CONNECTION"] == openvswitch.DATABASE


def test_a_virtual_machine_has_room_for_what_it_is_given_later():
    assert 16 <= int(NOVA_COMPUTE.environment["OS_LIBVIRT__NUM_PCIE_PORTS"]) <= 28  # Nova's limit


def test_the_intervals_of_nova_compute_are_read_before_its_manager_is_loaded():
    assert "nova.compute.manager" not in NOVA_COMPUTE.environment.get("KOLLA_PRELOAD", "")


def test_nova_compute_is_made_before_the_earlier_one_ends_and_serves_after_that():
    assert NOVA_COMPUTE.environment["KOLLA_PRELOAD_UNTIL"] == "nova.service:serve"
    assert NOVA_COMPUTE.environment["KOLLA_PRELOAD_START"] == "nova.service:Service.start"


def test_the_version_of_nova_compute_is_taken_back_where_the_database_is_known():
    (task,) = NOVA_COMPUTE.before_rollback
    assert task.of == "nova-conductor"


def test_nova_compute_is_never_of_a_later_release_than_what_controls_it():
    assert {"nova-conductor", "nova-scheduler", "nova-api"} <= {*NOVA_COMPUTE.follows}


def test_nova_compute_and_libvirt_see_the_same_virtual_machines():
    def shared(container):
        return {(volume.name, volume.path) for volume in container.volumes if volume.shared}

    assert shared(NOVA_LIBVIRT) <= shared(NOVA_COMPUTE)


def test_virtual_machines_outlive_libvirt():
    assert NOVA_LIBVIRT.outlived_by == ("qemu-system-x86_64",)


def test_the_database_of_the_switch_may_nothing_and_its_clients_are_in_its_group():
    assert OVSDB_SERVER.privileges == () and OVSDB_SERVER.user == GROUP
    assert granted(OVS_VSWITCHD, "group") == granted(NOVA_COMPUTE, "group") == {str(GROUP)}


def test_the_switch_may_change_the_network_and_nothing_else_of_the_host():
    assert granted(OVS_VSWITCHD, "capability") == {"NET_ADMIN", "NET_RAW"}
    assert granted(OVS_VSWITCHD, "device") == {"/dev/net/tun"}
    assert not OVS_VSWITCHD.host_mounts

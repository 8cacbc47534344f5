"""What keeps virtual machines from running is told before anything is touched; a power cut."""

import pytest

from tests.functional.support.harness import run
from tests.functional.support.server import reach, well
from tests.functional.support.watching import until


OPTION = "[nova-compute/DEFAULT]\nmax_logfile_count = 77\n"


@pytest.fixture
def refused(server):
    """``refused(text, option, name)``: an upgrade of that container is, with these words."""
    files = []

    def ask(text: str, option: str = OPTION, name: str = "nova-compute") -> None:
        files.append(server.host.configure(option, "80-option"))
        before = server.cloud.current(name)["generation"]
        done = server.host.kolla("container", "upgrade", name, expect=1)
        assert text in " ".join(done.stderr.split())
        assert server.cloud.current(name)["generation"] == before
        assert server.process == server.born

    yield ask
    for file in files:
        file.unlink()


def test_a_disk_on_which_no_virtual_machine_has_room_is_refused(server, refused):
    volume, inside = str(server.host.volume("nova")), server.host.engine.inside()
    run(*inside, "mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", volume)
    try:
        refused("32 MiB are free, and 64 are needed")
    finally:
        run(*inside, "umount", volume)


@pytest.mark.parametrize(("option", "text"), (
    ("bridge_interfaces = br-ex:nowhere0", "there is no network interface nowhere0"),
    ("tunnel_address = 192.0.2.1", "192.0.2.1 is no address of this host"),
))
def test_what_a_network_needs_and_this_host_does_not_have_is_refused(refused, option, text):
    refused(text, f"[neutron]\n{option}\n", "neutron-openvswitch-agent")


def test_a_host_that_nova_knows_and_that_has_lost_who_it_is_is_refused(server, refused):
    identity = server.host.volume("nova") / "compute_id"
    kept = identity.rename(identity.with_name("kept"))
    try:
        refused("compute_id is missing from the volume nova; restore it")
    finally:
        kept.rename(identity)


def test_kvm_where_there_is_none_is_refused(server, refused):
    if (server.host.volume("nova-libvirt-run") / "accelerator").read_text() == "kvm\n":
        pytest.skip("KVM works here")
    refused("KVM runs no virtual machine here", "[nova-compute/libvirt]\nvirt_type = kvm\n")


@pytest.mark.service
def test_after_a_power_cut_everything_is_back_and_virtual_machines_are_as_nova_says(server):
    host = server.host
    host.engine.cut_power()
    host.engine.start()
    reach(host)
    host.kolla("host", "prepare", expect=None)
    host.kolla("recover")
    well(host, [row["name"] for row in host.kolla("container", "list", "-f", "json").json()])
    # Nova does not start it by itself, unless it is told to (resume_guests_state_on_host_boot).
    with server.cloud.connect() as connection:
        connection.compute.reboot_server(server.id, "HARD")
    until(lambda: server.page("hostname"), 300)
    server.born = server.process

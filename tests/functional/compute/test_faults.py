"""What keeps virtual machines from running is told before anything is touched; a power cut."""

import pytest

from tests.functional.support.server import reach, well
from tests.functional.support.watching import until


@pytest.fixture
def refused(server):
    """``refused(text, option)``: an upgrade of nova-compute is, with these words."""
    files = []

    def ask(text: str, option: str = "[nova-compute/DEFAULT]\nmax_logfile_count = 77\n") -> None:
        files.append(server.host.configure(option, "80-option"))
        before = server.cloud.current("nova-compute")["generation"]
        done = server.host.kolla("container", "upgrade", "nova-compute", expect=1)
        assert text in done.stderr
        assert server.cloud.current("nova-compute")["generation"] == before
        assert server.process == server.born

    yield ask
    for file in files:
        file.unlink()


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


@pytest.mark.exhaustive
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

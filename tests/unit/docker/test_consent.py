"""What virtual machines need is not stopped or deleted unasked, and what they lack is told."""

import pytest

INTERFACES = "iface-id=a vm-uuid=one iface-status=active\nvm-uuid=two\nattached-mac=x\n"
DOMAIN = "<domain>\n  <nova:name>web of mine</nova:name>\n</domain>\n"
NEVER, WHEN_DELETED, ALWAYS = (), ("delete",), ("delete", "stop")
ACTIONS = ("delete", "restart", "rollback", "stop", "upgrade")


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize(("place", "forbidden"), (
    (("openvswitch", "kolla-plugged"), ALWAYS),
    (("neutron-agents", "bin", "kolla-needed"), WHEN_DELETED),
))
@pytest.mark.parametrize("found", (INTERFACES, "attached-mac=x\n", ""))
def test_the_switch_and_its_agents_name_what_is_plugged_in(
    script, program, place, action, forbidden, found
):
    program("ovs-vsctl", f"cat <<'END'\n{found}END")
    done = script(place, action)
    refused = action in forbidden and "vm-uuid" in found
    assert done.returncode == refused, done.stderr
    assert ("one, two" in done.stdout + done.stderr) == refused


@pytest.mark.parametrize("place", (
    ("openvswitch", "kolla-plugged"), ("neutron-agents", "bin", "kolla-needed")))
def test_a_switch_that_cannot_be_asked_forbids_and_says_why(script, program, place):
    program("ovs-vsctl", "echo no connection >&2; exit 1")
    done = script(place, "delete")
    assert done.returncode == 1
    said = done.stderr + done.stdout
    assert "no connection" in said and "nobody knows whether virtual machines are" in said
    assert script(place, "restart").returncode == 0


def test_a_virtual_machine_that_ends_meanwhile_hides_no_other(script, tmp_path):
    place, folder = ("nova-compute", "bin", "kolla-compute-guests"), tmp_path / "run/libvirt/qemu"
    folder.mkdir(parents=True)
    (folder / "instance-00000001.xml").symlink_to("gone")
    assert "instance-00000001" in script(place, "delete").stderr
    (folder / "instance-00000002.xml").write_text(DOMAIN)
    done = script(place, "delete")
    assert done.returncode == 1 and "web of mine" in done.stderr and "sed" not in done.stderr


@pytest.mark.parametrize("action", ACTIONS)
def test_nova_compute_is_not_deleted_below_virtual_machines(script, tmp_path, action):
    place = ("nova-compute", "bin", "kolla-compute-guests")
    assert script(place, action).returncode == 0
    (tmp_path / "run/libvirt/qemu").mkdir(parents=True)
    (tmp_path / "run/libvirt/qemu/instance-00000001.xml").write_text(DOMAIN)
    done = script(place, action)
    assert done.returncode == (action == "delete")
    assert ("web of mine" in done.stderr) == (action == "delete")


def place_of_machines(script, program, free: int, **environment: str) -> str:
    program("df", f"echo Avail; echo {free}")
    return script(("nova-compute", "bin", "kolla-compute-place"), **environment).stderr


def test_a_full_disk_below_virtual_machines_is_told(script, program):
    assert place_of_machines(script, program, 1 << 30) == ""
    assert "is full: 3 MiB are free" in place_of_machines(script, program, 3 << 20)


@pytest.mark.parametrize(("found", "wanted", "refused"), (
    ("qemu", "kvm", True), ("qemu", "qemu", False), ("kvm", "kvm", False), ("", "kvm", False),
))
def test_kvm_that_was_asked_for_and_runs_nothing_is_told(
    script, program, tmp_path, found, wanted, refused
):
    if found:
        (tmp_path / "run/libvirt").mkdir(parents=True)
        (tmp_path / "run/libvirt/accelerator").write_text(f"{found}\n")
    said = place_of_machines(script, program, 1 << 30, OS_LIBVIRT__VIRT_TYPE=wanted)
    assert ("KVM runs no virtual machine here" in said) == refused

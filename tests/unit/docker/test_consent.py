"""What virtual machines need is not stopped or deleted unasked, and what they lack is told."""

import os
import subprocess

import pytest

from kolla.plugin import shared_folder

INTERFACES = "iface-id=a vm-uuid=one iface-status=active\nvm-uuid=two\nattached-mac=x\n"
DOMAIN = "<domain>\n  <nova:name>web of mine</nova:name>\n</domain>\n"
NEVER, WHEN_DELETED, ALWAYS = (), ("delete",), ("delete", "stop")
ACTIONS = ("delete", "restart", "rollback", "stop", "upgrade")


@pytest.fixture
def script(tmp_path):
    """``script(place, *arguments)``: run one of an image; files of the container lie elsewhere."""
    def run(place: tuple[str, ...], *arguments: str, **environment: str):
        text = shared_folder("docker", *place).read_text().replace(
            "/usr/local/lib/kolla/functions.bash",
            str(shared_folder("docker", "base", "functions.bash")),
        )
        for folder in ("/run/libvirt", "/var/lib/nova"):
            (tmp_path / folder[1:]).mkdir(parents=True, exist_ok=True)
            text = text.replace(folder, f"{tmp_path}{folder}")
        copy = tmp_path / "script"
        copy.write_text(text)
        return subprocess.run(
            ["bash", copy, *arguments], capture_output=True, text=True, timeout=30,
            env={"PATH": f"{tmp_path}/bin:{os.environ['PATH']}"} | environment,
        )

    return run


@pytest.fixture
def program(tmp_path):
    """``program(name, text)``: one that prints that."""
    def make(name: str, text: str) -> None:
        (tmp_path / "bin").mkdir(exist_ok=True)
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\ncat <<'END'\n{text}END\n")
        (tmp_path / "bin" / name).chmod(0o755)

    return make


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize(("place", "forbidden"), (
    (("openvswitch", "kolla-plugged"), ALWAYS),
    (("neutron-agents", "bin", "kolla-needed"), WHEN_DELETED),
))
@pytest.mark.parametrize("found", (INTERFACES, "attached-mac=x\n", ""))
def test_the_switch_and_its_agents_name_what_is_plugged_in(
    script, program, place, action, forbidden, found
):
    program("ovs-vsctl", found)
    done = script(place, action)
    refused = action in forbidden and "vm-uuid" in found
    assert done.returncode == refused, done.stderr
    assert ("one, two" in done.stdout + done.stderr) == refused


@pytest.mark.parametrize("place", (
    ("openvswitch", "kolla-plugged"), ("neutron-agents", "bin", "kolla-needed")))
def test_a_switch_that_cannot_be_asked_forbids_and_says_why(script, tmp_path, place):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "ovs-vsctl").write_text("#!/bin/sh\necho no connection >&2; exit 1\n")
    (tmp_path / "bin" / "ovs-vsctl").chmod(0o755)
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
    (tmp_path / "run/libvirt/qemu").mkdir()
    (tmp_path / "run/libvirt/qemu/instance-00000001.xml").write_text(DOMAIN)
    done = script(place, action)
    assert done.returncode == (action == "delete")
    assert ("web of mine" in done.stderr) == (action == "delete")


def place_of_machines(script, program, free: int, **environment: str) -> str:
    program("df", f"Avail\n{free}\n")
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
    place_of_machines(script, program, 1 << 30)  # makes the folders
    if found:
        (tmp_path / "run/libvirt/accelerator").write_text(f"{found}\n")
    said = place_of_machines(script, program, 1 << 30, OS_LIBVIRT__VIRT_TYPE=wanted)
    assert ("KVM runs no virtual machine here" in said) == refused

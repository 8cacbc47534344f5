"""The option list of the libvirt image, and what its scripts make of the environment."""

import json
import subprocess

import pytest

from kolla.plugin import shared_folder

QEMU = """\
# Override the listen address for all created guests by setting
#
#vnc_listen = "0.0.0.0"

#vnc_password = "XYZ12345"
#max_files = 0
#cgroup_device_acl = [
#    "/dev/null", "/dev/full"
#]
"""
LIBVIRTD = """\
#max_clients = 5000
#unix_sock_group = "libvirt"
"""


@pytest.fixture
def options(tmp_path):
    for name, text in {"qemu": QEMU, "libvirtd": LIBVIRTD}.items():
        (tmp_path / f"{name}.conf").write_text(text)
    done = subprocess.run(
        ["awk", "-f", shared_folder("docker", "nova-libvirt", "options.awk"),
         tmp_path / "qemu.conf", tmp_path / "libvirtd.conf"],
        capture_output=True, text=True, check=True,
    )
    return json.loads(done.stdout)


def test_each_configuration_file_of_libvirt_is_a_group(options):
    assert set(options) == {"qemu", "libvirtd"}
    assert set(options["qemu"]) == {"vnc_listen", "vnc_password", "max_files", "cgroup_device_acl"}
    assert options["libvirtd"]["max_clients"] == {"type": "integer"}


def test_a_password_is_a_secret_option(options):
    assert options["qemu"]["vnc_password"] == {"type": "string", "secret": True}


def configured(tmp_path, **variables: str) -> dict[str, str]:
    """qemu.conf as the start script writes it: up to what it does besides."""
    script = shared_folder("docker", "nova-libvirt", "kolla-start").read_text()
    head = script.partition("\nconfigure qemu\n")[0]
    head = head.replace(
        "/usr/local/lib/kolla/functions.bash",
        str(shared_folder("docker", "base", "functions.bash")),
    ).replace("/etc/libvirt/", f"{tmp_path}/")
    subprocess.run(
        ["bash", "-c", f"{head}\nconfigure qemu"], check=True,
        env={"PATH": "/usr/bin:/bin", "KOLLA_QEMU_USER": "42427", "KOLLA_CONSOLE_LIMIT": "1",
             "KOLLA_CEPH_USER": "cinder", "KOLLA_CEPH_SECRET": "1",
             **variables},
    )
    lines = (tmp_path / "qemu.conf").read_text().splitlines()
    return dict(line.split(" = ", 1) for line in lines)


def test_virtual_machines_write_their_consoles_themselves_and_run_as_a_user_by_number(tmp_path):
    found = configured(tmp_path)
    assert found["stdio_handler"] == '"file"'
    assert found["user"] == '"+42427"'


def test_an_option_of_the_operator_takes_the_place_of_what_kolla_sets(tmp_path):
    found = configured(
        tmp_path, OS_QEMU__SECURITY_DRIVER="apparmor", OS_QEMU__MAX_FILES="32768",
        OS_QEMU__NAMESPACES="[ ]",
    )
    assert found["security_driver"] == '"apparmor"'
    assert (found["max_files"], found["namespaces"]) == ("32768", "[ ]")


def test_nobody_else_reads_a_password_of_an_option(tmp_path):
    (tmp_path / "qemu.conf").write_text("# of an earlier image, for all to read")
    assert configured(tmp_path, OS_QEMU__VNC_PASSWORD="secret")["vnc_password"] == '"secret"'
    assert (tmp_path / "qemu.conf").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(("ends", "found"), ((3, "kvm"), (1, "qemu"), (124, "qemu")))
def test_kvm_counts_only_if_it_runs_the_program_to_its_end(tmp_path, ends, found):
    text = shared_folder("docker", "nova-libvirt", "kolla-accelerator").read_text()
    script = tmp_path / "kolla-accelerator"
    script.write_text(text.replace("/run/", f"{tmp_path}/"))
    for folder in ("kolla", "libvirt"):
        (tmp_path / folder).mkdir()
    for name, does in (("chown", ""), ("setpriv", f"exit {ends}")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{does}\n")
        (tmp_path / name).chmod(0o755)
    subprocess.run(["bash", script], check=True, env={
        "PATH": f"{tmp_path}:/usr/bin:/bin", "KOLLA_QEMU_USER": "1", "KOLLA_QEMU_GROUP": "1",
    })
    sector = (tmp_path / "kolla" / "sector").read_bytes()
    assert len(sector) == 512 and sector.endswith(b"\x55\xaa")
    # It is loaded at 0x7c00: where the table of segments is, and the code after the jump.
    assert sector[5:10] == b"\x0f\x01\x16\x23\x7c" and sector[0x23:0x29] == b"\x0f\0\x29\x7c\0\0"
    assert sector[18:23] == b"\xea\x17\x7c\x08\0"
    assert (tmp_path / "libvirt" / "accelerator").read_text() == f"{found}\n"


@pytest.fixture
def guests(tmp_path):
    """``guests(*arguments, **variables)``: kolla-guests, beside two virtual machines of this
    libvirt, one of another one, and a process that is no virtual machine.
    """
    here, there = tmp_path / "here", tmp_path / "there"
    for root, version in ((here, "11.3.0"), (there, "99.0")):
        (root / "var/lib/libvirt").mkdir(parents=True)
        (root / "usr/share/kolla").mkdir(parents=True)
        (root / "usr/share/kolla/version").write_text(f"{version}\n")
    qemu = "/usr/bin/qemu-system-x86_64"
    for number, program, name, root in (
        (7, qemu, "instance-7", here), (8, qemu, "instance-8", here), (9, qemu, "other", there),
        (10, "/usr/bin/sleep", "no", here),
    ):
        process = tmp_path / "proc" / str(number)
        process.mkdir(parents=True)
        (process / "exe").symlink_to(program)
        (process / "root").symlink_to(root)
        (process / "cmdline").write_text(f"{program}\0-name\0guest={name},debug-threads=on\0")
    (tmp_path / "run/libvirt/qemu").mkdir(parents=True)
    (tmp_path / "run/libvirt/qemu/instance-7.xml").write_text("<nova:name>web 1</nova:name>\n")
    text = shared_folder("docker", "nova-libvirt", "kolla-guests").read_text()
    for path, replaced in (
        ("/usr/local/lib/kolla/functions.bash", shared_folder("docker", "base", "functions.bash")),
        ("/proc/", f"{tmp_path}/proc/"), ("-ef /var/", f"-ef {here}/var/"),
        ("/run/libvirt/", f"{tmp_path}/run/libvirt/"),
    ):
        assert path in text
        text = text.replace(path, str(replaced))
    (tmp_path / "kolla-guests").write_text(text)

    def run(*arguments: str, **variables: str):
        return subprocess.run(
            ["bash", tmp_path / "kolla-guests", *arguments], capture_output=True, text=True,
            timeout=30, env={"PATH": "/usr/bin:/bin", **variables})

    return run


def test_only_virtual_machines_of_this_libvirt_are_named(guests):
    assert sorted(guests().stdout.splitlines()) == ["instance-7 11.3.0", "instance-8 11.3.0"]


@pytest.mark.parametrize("target, refused", [
    ("9.0.0", True), ("11.2.9", True), ("11.3.0", False), ("11.10.0", False),
])
def test_a_libvirt_older_than_what_virtual_machines_were_started_by_is_refused(
    guests, target, refused
):
    ended = guests("--before-rollback", KOLLA_TARGET_VERSION=target)
    assert ended.returncode == refused and len(ended.stderr.splitlines()) == refused
    assert ("instance-7 (libvirt 11.3.0); instance-8 (libvirt 11.3.0)" in ended.stderr) is refused


@pytest.mark.parametrize("action, forbidden", [
    ("stop", True), ("delete", True), ("upgrade", False),
])
def test_libvirt_is_not_stopped_below_virtual_machines_which_are_named_as_users_know_them(
    guests, action, forbidden
):
    ended = guests("--may-stop", action)
    assert ended.returncode == forbidden
    assert ended.stderr.endswith("web 1, instance-7; instance-8\n" if forbidden else "")

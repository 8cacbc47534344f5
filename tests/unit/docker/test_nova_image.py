"""The scripts of Nova's images."""

import sys
import types

import pytest

from kolla.plugin import shared_folder

DATABASE = "mysql+pymysql://nova:p%40ss@192.0.2.1:3306/nova?ssl_ca=/etc/x.crt"
SOURCE = """\
OLDEST_SUPPORTED_SERVICE_VERSION = 'Gazpacho'
SERVICE_VERSION_ALIASES = {
    'Gazpacho': 72,
    'Hibiscus': 74,
}
"""
BROKER = "rabbit://openstack:secret@192.0.2.1:5672//"


@pytest.fixture
def sync(load):
    return load("nova", "bin", "kolla-nova-sync")


def test_the_cells_hold_templates_and_no_password(sync):
    assert sync.database(DATABASE, "nova_cell0") == (
        "{scheme}://{username}:{password}@{hostname}:{port}/nova_cell0?{query}"
    )
    assert sync.broker(BROKER) == (
        "{scheme}://{username}:{password}@{hostname}:{port}//"
    )


def test_a_database_at_an_ipv6_address_keeps_its_brackets(sync):
    assert "@[{hostname}]:{port}/" in sync.database("mysql+pymysql://u:p@[::1]:3306/nova", "x")


def test_several_brokers_and_a_virtual_host_stay_what_they_are(sync):
    assert sync.broker("rabbit://u:p@one:1,u:p@two:2/cloud") == (
        "{scheme}://{username1}:{password1}@{hostname1}:{port1},"
        "{username2}:{password2}@{hostname2}:{port2}/{path}"
    )


class Manage:
    """nova-manage, of which each command returns what the test says, or 0."""

    def __init__(self, **returned):
        self.asked, self.returned = [], returned
        self.ApiDbCommands = self.CellV2Commands = self.DbCommands = lambda: self

    def sync(self):
        return self._called("sync")

    def map_cell0(self, database):
        return self._called("map_cell0")

    def create_cell(self, name, database, broker):
        return self._called("create_cell")

    def _called(self, name):
        self.asked.append(name)
        return self.returned.get(name)


@pytest.fixture
def told(monkeypatch):
    monkeypatch.setenv("OS_DATABASE__CONNECTION", DATABASE)
    monkeypatch.setenv("OS_DEFAULT__TRANSPORT_URL", BROKER)
    monkeypatch.setenv("KOLLA_CELL0_DATABASE", "nova_cell0")


def test_cell0_is_mapped_before_its_tables_are_made(sync, told):
    manage = Manage()
    assert sync.sync(manage, tuple) == ""
    assert manage.asked == ["sync", "map_cell0", "sync", "create_cell"]


def test_cells_that_are_there_stay_as_they_are(sync, told):
    manage = Manage()
    assert sync.sync(manage, lambda: ("cell0", "cell1")) == ""
    assert manage.asked == ["sync", "sync"]


def test_what_fails_ends_it_by_name(sync, told):
    manage = Manage(map_cell0=1)
    assert sync.sync(manage, tuple) == "cell_v2 map_cell0"
    assert manage.asked == ["sync", "map_cell0"]


@pytest.fixture
def versions(sqlalchemy, load, monkeypatch):
    """kolla-service-version, beside a Nova whose newest release is 2026.2."""
    module = load("nova", "bin", "kolla-service-version")
    monkeypatch.setattr(module, "source", lambda: SOURCE)
    return module


def test_a_release_is_known_by_the_version_of_its_services(versions):
    assert versions.version("2026.1") == 72


def test_versions_that_are_not_where_they_were_are_not_guessed(versions):
    assert versions.aliases("VERSIONS = {}") == {}


def test_a_release_that_the_image_does_not_know_is_refused(versions):
    with pytest.raises(SystemExit, match="it is not known which version services of 2031.1 have"):
        versions.version("2031.1")


@pytest.mark.parametrize("found, given, told", [
    ("kvm", {}, "kvm "), ("qemu", {}, "qemu none"),
    ("kvm", {"OS_LIBVIRT__VIRT_TYPE": "qemu"}, "qemu none"),
    ("qemu", {"OS_LIBVIRT__CPU_MODE": "custom"}, "qemu custom"),
])
def test_nova_runs_virtual_machines_as_libvirt_found_out_unless_an_operator_says_otherwise(
    program, script, tmp_path, found, given, told
):
    program("kolla-worker", 'echo "$* $OS_LIBVIRT__VIRT_TYPE $OS_LIBVIRT__CPU_MODE"')
    (tmp_path / "run/libvirt").mkdir(parents=True)
    (tmp_path / "run/libvirt/accelerator").write_text(f"{found}\n")
    ended = script(("nova-compute", "bin", "kolla-compute"), **given)
    assert ended.stdout == f"kolla-preload nova-compute {told}\n", ended.stderr
    assert (tmp_path / "var/lib/nova/instances").is_dir()


@pytest.mark.parametrize("free, variables, complaint", [
    (64 << 20, {}, ""),
    ((64 << 20) - 1, {}, "which holds those of virtual machines, is full: 63 MiB are free"),
    (64 << 20, {"OS_LIBVIRT__VIRT_TYPE": "qemu"}, ""),
    (64 << 20, {"OS_LIBVIRT__VIRT_TYPE": "kvm"}, "virt_type is kvm, and KVM runs no virtual"),
])
def test_a_host_that_can_run_no_virtual_machine_is_refused(
    program, script, tmp_path, free, variables, complaint
):
    program("df", f"echo Avail; echo {free}")
    (tmp_path / "run/libvirt").mkdir(parents=True)
    (tmp_path / "run/libvirt/accelerator").write_text("qemu\n")
    ended = script(("nova-compute", "bin", "kolla-compute-place"), **variables)
    assert ended.returncode == bool(complaint) and complaint in ended.stderr
    assert len(ended.stderr.splitlines()) == bool(complaint)


@pytest.mark.parametrize("action, text, names", [
    ("delete", "<nova:name>web 1</nova:name>", "web 1, web 1"),
    ("delete", "", "instance-00000001, instance-00000002"),
    ("stop", "", ""),
])
def test_a_hypervisor_is_not_deleted_from_below_virtual_machines(
    script, tmp_path, action, text, names
):
    """They are named as their users know them, if libvirt says that."""
    state = tmp_path / "run/libvirt/qemu"
    state.mkdir(parents=True)
    for number in (1, 2):
        (state / f"instance-0000000{number}.xml").write_text(f"<domain>\n{text}\n</domain>\n")
    ended = script(("nova-compute", "bin", "kolla-compute-guests"), action)
    assert ended.returncode == bool(names)
    assert ended.stderr.endswith(f"are Nova's no more without it: {names}\n" if names else "")


class Silent(Exception):
    """The conductor does not answer."""


@pytest.fixture
def identity(load, monkeypatch, tmp_path):
    """kolla-compute-identity, beside a conductor that knows hosts by what the test sets."""
    def nodes(conductor):
        if isinstance(module.known, Exception):
            raise module.known
        return module.known

    for name, what in (("kolla_compute", {"Conductor": type("Conductor", (), {"nodes": nodes})}),
                       ("oslo_messaging", {"MessagingException": Silent})):
        monkeypatch.setitem(sys.modules, name, types.SimpleNamespace(**what))
    module = load("nova-compute", "bin", "kolla-compute-identity")
    monkeypatch.setattr(module, "IDENTITY", tmp_path / "compute_id")
    return module


def test_a_host_that_nova_knows_and_that_has_lost_who_it_is_is_refused(identity):
    identity.known = ["0b1f3a52"]
    with pytest.raises(SystemExit, match="Nova knows this host as 0b1f3a52, and .*/compute_id is"):
        identity.main()
    identity.IDENTITY.touch()
    identity.main()


@pytest.mark.parametrize("known", [[], Silent("timed out")])
def test_a_host_that_is_new_or_in_a_new_cloud_is_not_refused(identity, known):
    identity.known = known
    identity.main()


def test_a_hypervisor_can_format_the_further_disk_that_a_flavor_asks_for():
    # Nova calls mkfs.ext4, which Debian's minimum has not.
    packages = shared_folder("docker", "nova-compute").joinpath("Dockerfile").read_text().split()
    assert "e2fsprogs" in packages

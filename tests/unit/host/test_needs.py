"""What containers need of their host is told, made, or a reason to refuse."""

import os

import pytest
from oslo_config import cfg

from kolla.errors import KollaError
from kolla.host import kinds, needs
from kolla.host.findings import State
from kolla.plans.rendering import build
from kolla.plugin import HostMount, HostNeed, Listen, Privilege, Scratch, Strategy, Volume
from kolla.plugin.reports import ImageFacts
from tests.unit.support.factory import make_spec
from tests.unit.support.host import Host, make_service
from tests.unit.support.plugins import OF_THIS_USER, make_container, make_settings

MOUNTS = """\
22 1 0:20 / / rw,relatime - ext4 /dev/vda rw
23 22 0:21 / /run rw,nosuid shared:2 - tmpfs tmpfs rw
24 23 0:22 / /run/with\\040space rw,nosuid master:2 - tmpfs tmpfs rw
"""
OPTIONS = {"web": (cfg.StrOpt("data"), cfg.StrOpt("size", default="8m"))}


@pytest.fixture
def kernel(tmp_path, monkeypatch):
    """A kernel that is made up: its modules, switches and mounts."""
    switch = tmp_path / "proc/sys/net/ipv4/conf/eth0.1/forwarding"
    switch.parent.mkdir(parents=True)
    switch.write_text("0\n")
    (tmp_path / "proc/1").mkdir()
    (tmp_path / "proc/1/mountinfo").write_text(MOUNTS)
    (tmp_path / "modules/br_netfilter").mkdir(parents=True)
    (tmp_path / "builtin").write_text("kernel/net/8021q.ko\nkernel/fs/dm-thin.ko\n")
    monkeypatch.setattr(kinds, "PROC", tmp_path / "proc")
    monkeypatch.setattr(kinds, "MODULES", tmp_path / "modules")
    monkeypatch.setattr(kinds, "BUILT_IN", tmp_path / "builtin")
    return tmp_path


def need(kind: str, value: str, **changes) -> HostNeed:
    return HostNeed(kind, value, "guests need it", **changes)


@pytest.mark.parametrize("kind, value, lack", [
    ("module", "br-netfilter", ""), ("module", "8021q", ""), ("module", "dm_thin", ""),
    ("module", "openvswitch", "is not loaded"),
    ("sysctl", "net/ipv4/conf/eth0.1/forwarding=0", ""),
    ("sysctl", "net/ipv4/conf/eth0.1/forwarding=1", "is 0"),
    ("sysctl", "net.ipv4.no_such=1", "is not known to this kernel"),
    ("device", "/dev/null", ""), ("device", "/dev", "is no device"),
    ("device", "/dev/nothing", "does not exist"),
    ("path", "/nothing", "does not exist"), ("folder", "/dev/null", "does not exist"),
    ("file", "/dev", "does not exist"), ("interface", "lo", ""),
])
def test_a_host_has_it_or_it_is_told_why_not(kernel, kind, value, lack):
    assert needs.lack(need(kind, value)) == lack


def test_what_the_host_has_counts_and_not_what_a_confined_unit_sees(kernel):
    (kernel / "proc/1/root/dev").mkdir(parents=True)
    (kernel / "proc/1/root/dev/kvm").touch()
    assert needs.lack(need("path", "/dev/kvm")) == ""
    assert needs.lack(need("path", "/usr")) == "does not exist"


def test_an_interface_that_is_missing_is_told_with_those_there_are(kernel):
    assert needs.lack(need("interface", "br-none")).startswith("does not exist, only lo")


@pytest.mark.parametrize("path, shared, slave", [
    ("/usr", False, False), ("/run", True, True), ("/run/netns/x", True, True),
    ("/run/with space", False, True),
])
def test_whether_mounts_are_passed_on_is_read_of_the_mount_that_a_path_is_on(
    kernel, monkeypatch, path, shared, slave
):
    monkeypatch.setattr(os.path, "exists", lambda path: True)
    assert (needs.lack(need("shared-mount", path)) == "") is shared
    assert (needs.lack(need("slave-mount", path)) == "") is slave


def test_a_folder_in_which_disks_are_mounted_is_made_where_mounts_are_passed_on(
    kernel, tmp_path
):
    place = tmp_path / "node"
    shared = f"25 22 0:23 / {tmp_path} rw shared:9 - tmpfs tmpfs rw\n"
    (kernel / "proc/1/mountinfo").write_text(MOUNTS + shared)
    web = make_container("web", host_mounts=(
        HostMount(str(place), "/srv/node", "has disks", propagation="rslave"),
    ), **OF_THIS_USER)
    settings = make_settings(tmp_path, "", web)
    (finding,) = needs.examine(settings)
    assert finding.found == "does not exist; web: has disks"
    assert finding.advice == "`kolla host prepare` makes it"
    (made,) = needs.prepare(settings, touch=False)
    assert made.outcome == "to be made" and not place.exists()
    (made,) = needs.prepare(settings)
    assert (made.outcome, made.advice) == ("made", "") and place.stat().st_uid == os.getuid()


def test_a_mount_that_is_not_passed_on_is_told_with_the_command_that_shares_it(kernel, tmp_path):
    place = tmp_path / "node"
    web = make_container("web", host_mounts=(
        HostMount(str(place), "/srv/node", "has disks", propagation="rslave"),
    ), **OF_THIS_USER)
    settings = make_settings(tmp_path, "", web)
    for _ in "first", "again":
        (made,) = needs.prepare(settings)
        assert made.outcome == "is on a mount that is private" and made.fails
        assert made.advice == "`mount --make-shared /`, before the engine starts"
    (made,) = needs.prepare(settings, touch=False)
    assert made.outcome == "is on a mount that is private"


def test_containers_with_the_same_reason_are_told_together(kernel, tmp_path):
    one, two = (make_container(name, needs=(need("module", "openvswitch"),))
                for name in ("one", "two"))
    (finding,) = needs.examine(make_settings(tmp_path, "", one, two))
    assert finding.found == "is not loaded; one, two: guests need it"


def test_what_is_missing_is_made_once_and_for_its_user(kernel, tmp_path):
    place, file = tmp_path / "instances", tmp_path / "run" / "lock"
    web = make_container("web", needs=(
        need("folder", "${web.data}"), need("file", str(file)), need("device", "/dev/nothing"),
        need("sysctl", "net/ipv4/conf/eth0.1/forwarding=1", optional=True),
    ), options=OPTIONS, **OF_THIS_USER)
    settings = make_settings(tmp_path, f"[web]\ndata = {place}\n", web)
    assert {made.outcome for made in needs.prepare(settings, touch=False)} == {
        "to be made", "does not exist"
    }
    assert not place.exists()
    first = list(needs.prepare(settings))
    assert [made.outcome for made in first] == ["made", "made", "does not exist", "made"]
    assert [made.fails for made in first] == [False, False, True, False]
    assert place.stat().st_uid == file.stat().st_uid == os.getuid() and file.read_text() == ""
    assert [made.outcome for made in needs.prepare(settings)] == [
        "was there", "was there", "does not exist", "was there"
    ]


def test_what_cannot_be_made_says_why(kernel, tmp_path):
    (tmp_path / "place").touch()
    web = make_container("web", needs=(need("folder", f"{tmp_path}/place/x", optional=True),))
    (made,) = needs.prepare(make_settings(tmp_path, "", web))
    assert made.outcome.startswith("cannot be made:") and made.missing and not made.fails


def test_a_need_is_told_once_with_everybody_it_is_for(kernel, tmp_path):
    one = make_container("one", needs=(need("module", "openvswitch", optional=True),))
    two = make_container("two", needs=(HostNeed("module", "openvswitch", "bridges"),))
    three = make_container("three", needs=(
        need("module", "8021q"), need("device", "/dev/none", optional=True),
    ))
    found = list(needs.examine(make_settings(tmp_path, "", one, two, three)))
    assert [(each.subject, each.state) for each in found] == [
        ("module openvswitch", State.MISSING), ("module 8021q", State.OK),
        ("device /dev/none", State.WARNING),
    ]
    assert found[0].found == "is not loaded; one: guests need it; two: bridges"
    assert "kolla host prepare" in found[0].advice


def test_mounts_and_devices_are_needed_without_saying_so(tmp_path):
    web = make_container(
        "web", options=OPTIONS,
        host_mounts=(
            HostMount("${web.data}", "/a", "reads"), HostMount("/srv/b", "/b", "made before"),
            HostMount("/run/netns", "/n", "shares", propagation="rshared"),
            HostMount("/run", "/r", "sees", propagation="rslave"),
            HostMount("/c", "/c", "can do without", optional=True),
        ),
        privileges=(Privilege("device", "guests", "/dev/kvm:/dev/kvm:rw"),),
        needs=(need("folder", "/srv/b"),),
    )
    settings = make_settings(tmp_path, "[web]\ndata = /srv/a\n", web)
    assert [str(each) for each in needs.needs_of(web, settings)] == [
        "folder /srv/b", "path /srv/a", "shared-mount /run/netns", "slave-mount /run",
        "device /dev/kvm",
    ]


@pytest.mark.parametrize("address, family", [("192.0.2.1", "ipv4"), ("2001:db8::1", "ipv6")])
def test_who_binds_an_address_that_moves_needs_a_kernel_that_lets_it(tmp_path, address, family):
    web = make_container("web", listens=(
        Listen(address, "80", floating=True), Listen(address, "", floating=True),
        Listen("127.0.0.1", "81"),
    ))
    (need,) = needs.needs_of(web, make_settings(tmp_path, "", web))
    assert str(need) == f"sysctl net.{family}.ip_nonlocal_bind=1" and not need.optional
    assert need.reason == f"it binds {address} also while another host has that address"


def test_a_handover_is_better_with_a_kernel_that_moves_connections(kernel, tmp_path):
    web = make_container("web", strategy=Strategy.HANDOVER, listens=(Listen("::1", "80"),))
    (finding,) = needs.examine(make_settings(tmp_path, "", web))
    assert finding.subject == "sysctl net.ipv4.tcp_migrate_req=1"
    assert finding.state is State.WARNING and "is not known to this kernel" in finding.found


def test_templates_are_rendered_and_mounts_that_may_be_missing_are_left_out(tmp_path):
    web = make_container(
        "web", options=OPTIONS, volumes=(Volume("${host.name}-web", "/v"),),
        scratch=(Scratch("/cache", "${web.size}"),),
        host_mounts=(HostMount("/nothing", "/a", "", optional=True),
                     HostMount("${web.data}", "/b", "", optional=True)),
        privileges=(Privilege("device", "", "${web.data}"),),
    )
    settings = make_settings(
        tmp_path, "[host]\nname = h1\n[web]\ndata = /dev/null\nsize = 9m\n", web
    )
    spec = build(web, settings, ImageFacts("", "image"), "", "")
    assert spec.host_mounts == (HostMount("/dev/null", "/b", ""),)
    assert spec.volumes[0].name == "h1-web"
    assert {each.path: each.size for each in spec.scratch}["/cache"] == "9m"
    assert spec.granted("device") == ("/dev/null",)


def test_a_lack_is_refused_with_all_there_is_to_say():
    spec = make_spec(needs=(
        need("device", "/dev/none"), need("folder", "/nothing"),
        need("file", "/none", optional=True),
    ))
    with pytest.raises(KollaError) as refused:
        needs.require(spec)
    assert refused.value.message == (
        "web needs the device /dev/none of this host, which does not exist: guests need it\n"
        "web needs the folder /nothing of this host, which does not exist: guests need it"
    )
    assert refused.value.hint == (
        "load its driver, or enable it; `kolla host prepare` makes it"
    )


def test_nothing_is_touched_for_a_container_that_the_host_cannot_have(tmp_path):
    web = make_service("web", needs=(need("folder", f"{tmp_path}/data"),))
    host = Host(tmp_path, web)
    host.build("1.0")
    with pytest.raises(KollaError, match="folder .*/data of this host, which does not exist"):
        host.act("start")
    assert host.engine.seen == {} and host.record("web").last_number == 0
    assert [made.outcome for made in needs.prepare(host.deployment.settings)] == ["made"]
    assert host.act("start")["web"].outcome == "done"

import dataclasses
import json

import pytest

from kolla.plans.differences import compare, differences
from kolla.plugin import Check, File, Hold, HostMount, Privilege, Strategy, Task, Volume
from kolla.plugin.spec import Spec
from tests.unit.support.factory import make_spec


def test_a_spec_survives_its_json():
    spec = make_spec(environment={"A": "ü\n${x.y}"})
    assert Spec.from_json(spec.to_json()) == spec


def test_a_spec_of_before_there_was_a_choice_is_of_direct_launch():
    fields = json.loads(make_spec().to_json())
    del fields["backend"]
    assert Spec.from_json(json.dumps(fields)) == make_spec(backend="docker")


def test_another_backend_is_a_difference():
    assert differences(make_spec(), make_spec(backend="compose")) == ["backend: docker -> compose"]


def test_the_same_spec_has_no_differences():
    assert differences(make_spec(), make_spec()) == []


def test_added_changed_and_removed_variables_are_each_named():
    old = make_spec(environment={"SAME": "1", "CHANGED": "1", "REMOVED": "1"})
    new = make_spec(environment={"SAME": "1", "CHANGED": "2", "ADDED": "1"})
    assert differences(old, new) == [
        "environment: ADDED added", "environment: CHANGED changed", "environment: REMOVED removed",
    ]


@pytest.mark.parametrize("change, reason", [
    ({"image_id": "sha256:" + "b" * 64, "version": "2.0"},
     "image: kolla/web:2026.1 (1.0, aaaaaaaaaaaa) -> kolla/web:2026.1 (2.0, bbbbbbbbbbbb)"),
    ({"files": (File("/etc/x", "text"),)}, "file: /etc/x added"),
    ({"volumes": (Volume("web", "/data"),)}, "volume: /data added"),
    ({"host_mounts": (HostMount("/dev", "/dev", "why"),)}, "mount: /dev added"),
    ({"privileges": (Privilege("pid", "why"),)}, "privilege: pid added"),
    ({"command": ("other",)}, "command: changed"),
    ({"stop_grace": 60}, "stop grace: changed"),
    ({"hold": Hold()}, "hold: changed"),
    ({"confirms_itself": True}, "confirms itself: changed"),
    ({"tasks": {"expand": (Task("migrate", ("x",)),)}}, "task: expand migrate added"),
])
def test_each_kind_of_change_is_a_reason_of_its_own(change, reason):
    assert differences(make_spec(), make_spec(**change)) == [reason]


def test_whatever_a_spec_has_is_seen_or_named_as_no_reason():
    changed = {"dict": {"new": "x"}, "tuple": ("new",), "str": "new", "int": -1, "bool": True,
               "Check": Check(interval=1), "Strategy": Strategy.HANDOVER, "NoneType": Hold()}
    silent = set()
    for field in dataclasses.fields(Spec):
        value = getattr(make_spec(), field.name)
        other = changed[type(value).__name__]
        if field.name == "tasks":
            other = {"verify": (Task("new", ("x",)),)}
        if not differences(make_spec(), make_spec(**{field.name: other})):
            silent.add(field.name)
    assert silent == {
        "container", "image", "release", "version", "needs", "project", "listens",
    }


def test_a_tag_that_moved_to_the_same_image_is_no_difference():
    assert differences(make_spec(), make_spec(image="kolla/web:2026.2", release="2026.2")) == []


@pytest.mark.parametrize("changes", [
    {"privileges": (Privilege("privileged", "why"),)},
    {"privileges": (Privilege("pid", "why"),)},
    {"host_mounts": (HostMount("/dev", "/dev", "why", read_only=False),)},
    {"host_mounts": (HostMount("/run/docker.sock", "/x", "why", read_only=False),)},
    {"host_mounts": (HostMount("/srv/docker.sock", "/x", "why"),)},
    {"host_mounts": (HostMount("/run/libvirt", "/x", "why"),)},
    {"host_mounts": (HostMount("/srv/x", "/x", "why", propagation="rshared"),)},
    {"host_mounts": (HostMount("/var/lib/libvirt", "/x", "why", read_only=False),)},
    {"privileges": (Privilege("capability", "why", "SYS_ADMIN"),)},
    {"privileges": (Privilege("capability", "why", "NET_ADMIN"),)},
    {"privileges": (Privilege("device", "why", "/dev/kvm"),)},
    {"privileges": (Privilege("device-rule", "why", "c 10:232 rwm"),)},
    {"privileges": (Privilege("unconfined", "why", "seccomp"),)},
])
def test_what_masters_the_host_is_super_privileged(changes):
    assert make_spec(**changes).super_privileged


def test_a_capability_or_a_folder_of_its_own_is_not_super_privileged():
    spec = make_spec(
        privileges=(Privilege("capability", "why", "NET_BIND_SERVICE"), Privilege("root", "why"),
                    Privilege("limit", "why", "memlock=-1"), Privilege("new-privileges", "why")),
        host_mounts=(HostMount("/srv/x", "/x", "why", read_only=False),
                     HostMount("/usr/share", "/y", "why")),
    )
    assert not spec.super_privileged


def test_a_difference_has_the_values_and_its_reason_has_not():
    old = make_spec(environment={"KOLLA_WORKERS": "2"}, files=(File("/etc/x", "a"),))
    new = make_spec(environment={"KOLLA_WORKERS": "3"}, files=(File("/etc/x", "b"),))
    workers, file = compare(old, new)
    assert (workers.what, workers.name, workers.old, workers.new) == (
        "environment", "KOLLA_WORKERS", "2", "3")
    assert str(workers) == "environment: KOLLA_WORKERS changed"
    assert (file.old, file.new) == ("a", "b")

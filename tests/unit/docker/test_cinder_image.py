"""What the scripts of Cinder's images do; neither LVM nor Ceph is asked."""

import json
import types

import pytest

from kolla_plugins.cinder.storage import CINDER_VOLUME


@pytest.fixture
def judge(load, monkeypatch):
    """``judge(backends, code, **variables)``: what is refused, if programs end with that code."""
    script = load("cinder-volume", "bin", "kolla-cinder-backends")

    def run(backends: str, answer: types.SimpleNamespace, **variables: str) -> str:
        monkeypatch.setattr(script.subprocess, "run", lambda *_, **__: answer)
        monkeypatch.setattr(script.pathlib.Path, "read_text", lambda _: "253 device-mapper\n")
        monkeypatch.setattr(script.pathlib.Path, "exists", lambda _: True)
        known = {"OS_DEFAULT__ENABLED_BACKENDS": backends, **variables}
        for name, value in known.items():
            monkeypatch.setenv(name, value)
        try:
            script.main()
        except SystemExit as refusal:
            return str(refusal.code)
        return ""

    return run


LVM = {"OS_LVM__VOLUME_DRIVER": "cinder.volume.drivers.lvm.LVMVolumeDriver",
       "OS_BACKEND_DEFAULTS__VOLUME_GROUP": "cinder-volumes"}
RBD = {"OS_RBD__VOLUME_DRIVER": "cinder.volume.drivers.rbd.RBDDriver",
       "OS_BACKEND_DEFAULTS__RBD_POOL": "volumes", "OS_BACKEND_DEFAULTS__RBD_USER": "cinder",
       "OS_BACKEND_DEFAULTS__RBD_CEPH_CONF": "/etc/ceph/ceph.conf"}


def answer(code: int, stdout: str = "", stderr: str = "") -> types.SimpleNamespace:
    return types.SimpleNamespace(returncode=code, stdout=stdout, stderr=stderr)


def report(free: list[str], volumes: list[str], used: str = "") -> str:
    """What LVM says of volume groups, by what is free in each, and of logical volumes, each a
    pool of which some percent are used, or not.
    """
    groups = [{"vg_name": "cinder-volumes", "vg_free_count": count} for count in free]
    rows = [{"lv_name": name, "data_percent": used} for name in volumes]
    return json.dumps({"report": [{"vg": groups, "lv": rows}]})


def test_a_volume_group_that_does_not_exist_is_refused(judge):
    told = judge("lvm", answer(0, report([], [])), **LVM)
    assert "there is no volume group cinder-volumes: make it with" in told


@pytest.mark.parametrize("volume, right", [
    ("volume-0b1f3a52", True), ("_snapshot-0b1f3a52", True), ("cinder-volumes-pool", True),
    ("root", False), ("home-volume", False),
])
def test_a_volume_group_of_somebody_else_is_refused(judge, volume, right):
    told = judge("lvm", answer(0, report(["1"], [volume])), **LVM)
    assert bool(told) is not right
    assert right or f"is used for something else, {volume}" in told


@pytest.mark.parametrize("free, volume, right", [
    ("0", "volume-0b1f3a52", False), ("7", "volume-0b1f3a52", True),
    ("0", "cinder-volumes-pool", True),
])
def test_a_full_volume_group_is_a_warning(judge, capsys, free, volume, right):
    told = judge("lvm", answer(0, report([free], [volume])), **LVM)
    assert told == ("" if right else str(CINDER_VOLUME.verify[0].warning))
    said = "no room for more volumes in the volume group cinder-volumes"
    assert (said in capsys.readouterr().out) is not right


@pytest.mark.parametrize("used, right", [("0.00", True), ("94.99", True), ("95.00", False)])
def test_a_pool_that_is_nearly_full_is_a_warning(judge, capsys, used, right):
    """Cinder makes one, which takes the volume group for itself."""
    told = judge("lvm", answer(0, report(["0"], ["cinder-volumes-pool"], used)), **LVM)
    assert told == ("" if right else str(CINDER_VOLUME.verify[0].warning))
    said = ("no room for more volumes in the pool cinder-volumes/cinder-volumes-pool: extend it"
            " with `lvextend`\n")
    assert capsys.readouterr().out == ("" if right else said)


def test_ceph_that_refuses_says_why_on_one_line(judge):
    said = "rbd: opening\nrbd: error opening pool 'volumes'\n"
    told = judge("rbd", answer(2, stderr=said), **RBD)
    assert told.endswith("client.cinder: rbd: error opening pool 'volumes'")
    assert judge("rbd", answer(0), **RBD) == ""


def test_a_backend_of_an_operators_own_is_judged_by_its_own_pool(judge):
    own = {"OS_RBD-FAST__VOLUME_DRIVER": RBD["OS_RBD__VOLUME_DRIVER"],
           "OS_RBD-FAST__RBD_POOL": "fast"}
    assert "refuses the pool fast to client.cinder" in judge("rbd-fast", answer(2), **RBD, **own)


def test_a_backend_without_a_driver_is_refused_and_another_driver_judges_itself(judge):
    assert "backend1 has no driver" in judge("rbd, backend1", answer(0), **RBD)
    own = {"OS_BACKEND2__VOLUME_DRIVER": "cinder.volume.drivers.nfs.NfsDriver"}
    assert judge("backend2", answer(1), **own) == ""


def test_cinder_volume_has_a_queue_for_each_backend(script):
    told = script(
        ("cinder-volume", "bin", "kolla-cinder-volume"),
        "bash", "-c", 'echo "$KOLLA_RPC_QUEUE / $KOLLA_RPC_TOPICS"',
        KOLLA_HOST="a", OS_DEFAULT__ENABLED_BACKENDS="rbd, lvm",
    ).stdout
    assert told == "cinder-volume.a@rbd / cinder-volume cinder-volume.a@rbd cinder-volume.a@lvm\n"

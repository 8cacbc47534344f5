"""What the kernel and the engine lack for the confinement of containers."""

import pytest

from kolla.backends.docker.powers import Powers
from kolla.host import confinement
from kolla.host.findings import State
from kolla.plugin import Limits
from tests.unit.support.plugins import make_settings, make_web

FULL = {"MemoryLimit": True, "PidsLimit": True, "CpuCfsQuota": True}


def test_a_kernel_that_cannot_limit_memory_is_told():
    assert confinement.limits(FULL).state is State.OK
    finding = confinement.limits(FULL | {"MemoryLimit": False})
    assert finding.state is State.WARNING and "cannot limit memory:" in finding.found


def found(powers: Powers, tmp_path, files: str = "16384"):
    web = make_web(limits=Limits(files=files))
    return confinement.open_files(powers, make_settings(tmp_path, "", web))


@pytest.mark.parametrize("limits, state", [
    ({}, State.OK), ({"nofile": 20000}, State.OK), ({"nofile": 16384}, State.OK),
    ({"nofile": 4096}, State.MISSING),
])
def test_an_engine_gives_what_it_has_unless_it_may_raise_limits(tmp_path, limits, state):
    finding = found(Powers(limits=limits), tmp_path)
    assert finding.state is state
    assert state is State.OK or "[limits] files, for example all:4096" in finding.advice


def test_capabilities_that_a_privileged_container_cannot_have_are_told():
    assert confinement.capabilities(Powers()).state is State.OK
    finding = confinement.capabilities(Powers(("SYS_RESOURCE", "SYS_MODULE")))
    assert finding.state is State.WARNING
    assert finding.found.startswith("the engine cannot give SYS_RESOURCE, SYS_MODULE:")


@pytest.mark.parametrize("options, states", [
    (["name=seccomp,profile=builtin", "name=apparmor"], [State.OK, State.OK]),
    (["name=seccomp,profile=builtin", "name=cgroupns"], [State.OK, State.WARNING]),
    (["name=selinux"], [State.WARNING, State.OK]),
    (None, [State.WARNING, State.WARNING]),
])
def test_what_the_kernel_does_not_add_is_told(options, states):
    assert [each.state for each in confinement.sandbox({"SecurityOptions": options})] == states


def test_units_of_an_earlier_kolla_are_told(tmp_path, monkeypatch):
    monkeypatch.setattr(confinement, "UNITS", tmp_path)
    assert list(confinement.units()) == []
    (tmp_path / "kolla-monitor.service").write_text("[Service]\nExecStart=/opt/kolla/bin/kolla\n")
    (tmp_path / "kolla-recover.service").write_text("[Service]\nNoNewPrivileges=yes\n")
    states = {each.subject: each.state for each in confinement.units()}
    assert states == {"kolla-monitor": State.WARNING, "kolla-recover": State.OK}

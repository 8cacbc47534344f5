"""What the kernel and the engine lack for the confinement of containers."""

import os
import socket

import pytest

from kolla.host import confinement
from kolla.host.findings import State
from kolla.plugin import Limits
from tests.unit.support.plugins import make_settings, make_web

FULL = {"MemoryLimit": True, "PidsLimit": True, "CpuCfsQuota": True}


def test_a_kernel_that_cannot_limit_memory_is_told():
    assert confinement.limits(FULL).state is State.OK
    finding = confinement.limits(FULL | {"MemoryLimit": False})
    assert finding.state is State.WARNING and "cannot limit memory:" in finding.found


@pytest.fixture
def engine(tmp_path, monkeypatch):
    """Something that listens: this process; a function says what its limits are."""
    with socket.socket(socket.AF_UNIX) as wire:
        wire.bind(f"{tmp_path}/docker.sock")
        wire.listen()
        folder = tmp_path / "proc" / str(os.getpid())
        folder.mkdir(parents=True)
        monkeypatch.setattr(confinement, "PROC", tmp_path / "proc")

        def limited(capabilities: str, hard: str) -> str:
            (folder / "status").write_text(f"Name:\tdockerd\nCapEff:\t{capabilities}\n")
            (folder / "limits").write_text(
                "Limit                     Soft Limit           Hard Limit           Units\n"
                f"Max open files            1024                 {hard}                files\n"
            )
            return f"unix://{tmp_path}/docker.sock"

        yield limited


def found(url: str, tmp_path, files: str = "16384"):
    web = make_web(limits=Limits(files=files))
    return list(confinement.open_files(url, make_settings(tmp_path, "", web)))


ALL, WITHOUT_RESOURCE = "000001ffffffffff", "000001fffeffffff"


@pytest.mark.parametrize("capabilities, hard, state", [
    (ALL, "1024", State.OK), (WITHOUT_RESOURCE, "20000", State.OK),
    (WITHOUT_RESOURCE, "16384", State.OK), (WITHOUT_RESOURCE, "unlimited", State.OK),
    (WITHOUT_RESOURCE, "4096", State.MISSING),
])
def test_an_engine_gives_what_it_has_unless_it_may_raise_limits(
    engine, tmp_path, capabilities, hard, state
):
    (finding,) = found(engine(capabilities, hard), tmp_path)
    assert finding.state is state
    assert state is State.OK or "[limits] files, for example all:4096" in finding.advice


@pytest.mark.parametrize("url", ["tcp://192.0.2.1:2375", "unix:///nonexistent/docker.sock"])
def test_nothing_is_said_of_an_engine_elsewhere(url, tmp_path):
    assert found(url, tmp_path) == []


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

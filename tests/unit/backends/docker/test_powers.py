"""What an engine can give is read from its own process, before anything is touched."""

import os
import socket

import pytest

from kolla.backends.docker import powers
from kolla.backends.docker.backend import DockerBackend
from kolla.backends.docker.powers import UNLIMITED, Powers
from kolla.plugin import Privilege
from kolla.plugin.reports import BackendError
from tests.unit.support.factory import make_spec

ALL, WITHOUT_RESOURCE = "000001ffffffffff", "000001fffeffffff"


@pytest.fixture
def engine(tmp_path, monkeypatch):
    """Something that listens: this process; a function says what it may do."""
    with socket.socket(socket.AF_UNIX) as wire:
        wire.bind(f"{tmp_path}/docker.sock")
        wire.listen()
        folder = tmp_path / "proc" / str(os.getpid())
        folder.mkdir(parents=True)
        switch = tmp_path / "proc" / "sys" / "kernel" / "cap_last_cap"
        switch.parent.mkdir(parents=True)
        switch.write_text("40\n")
        monkeypatch.setattr(powers, "PROC", tmp_path / "proc")

        def limited(bounding: str, effective: str) -> str:
            text = f"Name:\tdockerd\nCapEff:\t{effective}\nCapBnd:\t{bounding}\n"
            (folder / "status").write_text(text)
            rows = [f"{title:<26}1024                 4096                 files"
                    for title in powers.LIMITS.values()]
            rows[0] = rows[0].replace("4096", "unlimited")
            (folder / "limits").write_text("\n".join(["Limit  Soft  Hard  Units", *rows]))
            return f"unix://{tmp_path}/docker.sock"

        yield limited


@pytest.mark.parametrize("bounding, effective, lacking, memlock, core", [
    (ALL, ALL, (), UNLIMITED, UNLIMITED),
    (WITHOUT_RESOURCE, WITHOUT_RESOURCE, ("SYS_RESOURCE",), 4096, UNLIMITED),
    (ALL, WITHOUT_RESOURCE, (), 4096, UNLIMITED),
])
def test_what_its_process_may_do(engine, bounding, effective, lacking, memlock, core):
    found = powers.powers(engine(bounding, effective))
    assert found.lacking == lacking
    assert found.limits.get("memlock", UNLIMITED) == memlock
    assert found.limits.get("core", UNLIMITED) == core
    assert found.too_much("memlock", -1) is (memlock != UNLIMITED)


@pytest.mark.parametrize("url", ["tcp://192.0.2.1:2375", "unix:///nonexistent/docker.sock"])
def test_nothing_is_said_of_an_engine_elsewhere(url):
    assert powers.powers(url) is None


def test_what_an_engine_cannot_give_is_refused():
    backend = DockerBackend("unix:///nonexistent/docker.sock")
    spec = make_spec(limits={"files": 9000}, privileges=(
        Privilege("capability", "", "SYS_RESOURCE"), Privilege("limit", "", "memlock=-1"),
    ))
    backend.require(spec)
    backend._powers = Powers(("SYS_RESOURCE",), {"memlock": 8192, "nofile": 4096})
    with pytest.raises(BackendError) as caught:
        backend.require(spec)
    assert caught.value.message == (
        "web needs the capability SYS_RESOURCE and the limit memlock=-1 and the limit nofile=9000,"
        " which the engine cannot give: its host does not let it"
    )
    backend.require(make_spec(privileges=(Privilege("privileged", ""),), limits={"files": 4096}))

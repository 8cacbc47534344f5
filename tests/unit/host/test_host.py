import pathlib
import socket
import types

import pytest

from kolla import host, times
from kolla.errors import KollaError
from kolla.host import GIB, State
from kolla.plugin import Listen
from kolla.plugin.reports import Stranger


def test_a_container_that_is_not_kollas_is_warned_of():
    finding, = host.foreign(lambda: [Stranger("copy", "it has another name")])
    assert finding.state is State.WARNING and "docker rm -f copy" in finding.advice
    assert finding.found == "it has another name: kolla leaves it alone"


def test_a_state_file_that_cannot_be_read_is_a_finding_of_its_own():
    def broken():
        raise KollaError("the state file is broken", "move it away")

    finding, = host.foreign(broken)
    assert (finding.state, finding.advice) == (State.MISSING, "move it away")


def test_this_python_is_new_enough():
    assert host.python().state is State.OK


def test_engine_that_does_not_answer_is_missing_with_advice(tmp_path):
    facts, finding = host.engine_facts(f"unix://{tmp_path}/docker.sock")
    assert facts == {}
    assert finding.state is State.MISSING
    socket_path = f"{tmp_path}/docker.sock"
    assert finding.found == f"nothing answers at unix://{socket_path}: No such file or directory"
    assert "apt-get install docker.io" in finding.advice


@pytest.mark.parametrize("enabled, state", [(True, State.OK), (False, State.WARNING)])
def test_engine_without_live_restore_is_warned_of(enabled, state):
    assert host.live_restore({"LiveRestoreEnabled": enabled}).state is state


def test_client_that_cannot_build_is_missing_with_advice():
    finding = host.builder("/bin/false")
    assert finding.state is State.MISSING
    assert "/bin/false" in finding.found and "docker-buildx" in finding.advice


def test_compose_is_missing_with_advice_where_it_will_not_do(tmp_path):
    finding = host.compose("/bin/false")
    assert finding.state is State.MISSING
    assert "/bin/false does not run" in finding.found and "docker-compose" in finding.advice
    program = tmp_path / "docker-compose"
    program.write_text("#!/bin/sh\necho 2.26.1\n")
    program.chmod(0o755)
    assert host.compose(str(program)).found == f"{program}, 2.26.1"


@pytest.mark.parametrize("minimum, comfort, state", [
    (0, 0, State.OK),
    (0, 2**80, State.WARNING),
    (2**80, 2**80, State.MISSING),
])
def test_disk_is_judged_by_what_is_free(minimum, comfort, state):
    assert host.disk("disk", pathlib.Path("/"), minimum, comfort).state is state


def test_folder_that_is_not_there_yet_is_measured_where_it_will_be(tmp_path):
    finding = host.disk("disk", tmp_path / "not" / "there", 0, GIB)
    assert finding.found.endswith(f"free at {tmp_path}")


@pytest.mark.parametrize("entry, state, version", [
    ("cgroup.controllers", State.OK, "version 2"),
    ("memory/tasks", State.OK, "version 1"),
    ("other", State.MISSING, "nothing is mounted"),
])
def test_cgroups_of_either_version_will_do(tmp_path, monkeypatch, entry, state, version):
    path = tmp_path / entry
    path.parent.mkdir(exist_ok=True)
    path.touch()
    monkeypatch.setattr(host, "CGROUPS", tmp_path)
    finding = host.cgroups()
    assert finding.state is state and finding.found.startswith(version)


class Settings:
    """A host with one container that listens on one port."""

    def __init__(self, address, port):
        self.container = types.SimpleNamespace(name="keystone")
        self.place = Listen(address, str(port))

    def enabled(self):
        return [self.container]

    def listens(self, container):
        return [self.place]


@pytest.fixture
def taken():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_port_of_another_program_is_missing_and_named(taken):
    (finding,) = host.listens(Settings("127.0.0.1", taken), set)
    assert finding.state is State.MISSING
    assert finding.subject == f"port {taken} of keystone"
    assert "in use by" in finding.found


def test_port_of_the_running_container_is_ours(taken):
    (finding,) = host.listens(Settings("127.0.0.1", taken), lambda: {"keystone"})
    assert finding.state is State.OK


def test_taken_port_is_a_warning_while_the_engine_does_not_answer(taken):
    (finding,) = host.listens(Settings("127.0.0.1", taken), None)
    assert finding.state is State.WARNING
    assert "only the engine can tell" in finding.advice


def test_engine_is_not_asked_while_all_ports_are_free():
    def running():
        raise AssertionError("asked")

    (finding,) = host.listens(Settings("127.0.0.1", 0), running)
    assert finding.state is State.OK


@pytest.mark.parametrize(("days", "max_age", "state", "found"), [
    (3, 30, "ok", "3 days old at most"),
    (45, 30, "warning", "45 days old at most; more than 30: db"),
    (45, 0, "ok", "45 days old at most"),
])
def test_packages_that_were_not_fetched_anew_for_long_are_named(days, max_age, state, found):
    running = {"web": times.ago(60), "db": times.ago(days * 86400 + 60), "own": None}
    (finding,) = host.packages(running, max_age)
    assert (str(finding.state), finding.found) == (state, found)
    assert ("--refresh-base" in finding.advice) == (state == "warning")


def test_the_age_of_images_that_kolla_did_not_build_is_not_guessed():
    assert list(host.packages({"own": None}, 30)) == []

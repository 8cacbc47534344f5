"""Which compose is used, and what is said where none will do."""

import pathlib
import types

import pytest

from kolla.backends.compose import command
from kolla.backends.compose.backend import ComposeBackend
from kolla.backends.compose.command import Compose, find
from kolla.backends.compose.project import CURRENT, Project
from kolla.backends.docker.powers import Powers
from kolla.plugin import Privilege
from kolla.plugin.instance import Instance
from kolla.plugin.reports import BackendError, Unreachable
from tests.unit.support.factory import make_spec


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The only place where a compose can be found."""
    monkeypatch.setattr(command, "PLUGINS", (str(tmp_path / "plugins"),))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "nowhere"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.setattr(command.shutil, "which", lambda name: None)
    return tmp_path


def install(folder, version: str, code: int = 0) -> str:
    path = folder / "docker-compose"
    folder.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\necho called >>{folder}/calls\necho {version}\nexit {code}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize("version, classic", [
    ("2.26.1-4", False), ("v2.40.3", False), ("5.0.1", False), ("1.29.2", True),
])
def test_program_that_is_good_enough_is_used(folder, version, classic):
    found = find(install(folder / "plugins", version))
    assert (found.version, found.classic) == (version.removeprefix("v"), classic)
    assert find() == found


@pytest.mark.parametrize("version", ["2.25.0", "1.25.5", "1.30.0", "2.10.2~rc1"])
def test_program_that_is_too_old_is_named_with_its_version(folder, version):
    program = install(folder / "plugins", version)
    with pytest.raises(BackendError) as caught:
        find()
    assert str(caught.value) == (
        "the compose backend needs compose 2.26 or newer, or docker-compose 1.29:"
        f" {program} is {version}\n  {command.ADVICE}"
    )


def test_no_program_and_a_broken_one_are_told(folder):
    with pytest.raises(BackendError, match="no compose is installed"):
        find()
    with pytest.raises(BackendError, match="/nowhere/compose does not run"):
        find("/nowhere/compose")
    broken = install(folder / "plugins", "2.30.0", code=1)
    with pytest.raises(BackendError, match=f"{broken} does not run"):
        find()


def test_program_that_answers_late_is_not_taken_for_a_missing_one(folder, monkeypatch):
    monkeypatch.setattr(command, "PATIENCE", 0.2)
    program = pathlib.Path(install(folder / "plugins", "2.30.0"))
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    with pytest.raises(Unreachable) as caught:
        find()
    assert str(caught.value) == (
        f"{program} did not tell its version within 0.2 s\n  is this machine overloaded?"
        " try again, or name another program in [compose] command"
    )


def test_version_is_asked_for_once_until_the_program_changes(folder):
    program, memory = install(folder / "plugins", "2.26.1"), folder / "programs.json"
    for _ in range(3):
        assert find(program, memory).version == "2.26.1"
    assert (folder / "plugins" / "calls").read_text() == "called\n"
    install(folder / "plugins", "2.100.1")
    assert find(program, memory).version == "2.100.1"
    memory.write_text("{")
    assert find(program, memory).version == "2.100.1"


def backend(folder, version: str) -> ComposeBackend:
    made = ComposeBackend("unix:///nowhere", 1, Project(folder, "kolla", "here"), None)
    made.compose = Compose("docker-compose", version)
    made._require_own_project = lambda: None
    return made


def test_what_the_classic_one_cannot_express_is_refused(tmp_path):
    spec = make_spec(privileges=(Privilege("cgroup", "guests"), Privilege("privileged", "guests")))
    with pytest.raises(BackendError) as caught:
        backend(tmp_path, "1.29.2").require(spec)
    assert str(caught.value) == (
        "web needs the host's cgroups (cgroup: host), which docker-compose 1.29 cannot express\n"
        "  compose 2.26 or newer can; so can [backend] driver = docker"
    )
    backend(tmp_path, "2.26.1").require(spec)
    able = backend(tmp_path, "1.29.2")
    able._powers = Powers(("SYS_RESOURCE",))
    with pytest.raises(BackendError, match="unmasked system paths"):
        able.require(make_spec(privileges=(Privilege("privileged", "guests"),)))
    backend(tmp_path, "1.29.2").require(make_spec())


def test_summary_with_a_variable_is_text_for_compose_and_comes_back(tmp_path):
    made = backend(tmp_path, "2.26.1")
    made._catalog = types.SimpleNamespace(
        path=lambda name: ("control", name), distribution=lambda name: "plugin",
        containers={"web": types.SimpleNamespace(summary="costs ${HOME} and $5")},
    )
    labels = {"kolla.container": "web", "kolla.generation": "1",
              "kolla.spec": make_spec().to_json()}
    file = made._lay_out(Instance("web-g1", "sha256:a", 42000, environment={}, labels=labels))
    assert "web: costs $${HOME} and $$5" in file.read_text()
    made.project.keep("web-g1", CURRENT)
    assert "# web: costs ${HOME} and $5\n" in made.project.file.read_text()


def test_what_is_left_over_of_a_plugin_is_laid_out_from_its_snapshot(tmp_path):
    made = backend(tmp_path, "2.26.1")
    made._catalog = types.SimpleNamespace(containers={})
    labels = {"kolla.container": "web", "kolla.generation": "1",
              "kolla.spec": make_spec().to_json()}
    file = made._lay_out(Instance("web-g1", "sha256:a", 42000, environment={}, labels=labels))
    assert "web: no plugin here declares it" in file.read_text()


#: What the two lines of compose write when the engine makes no container.
CLASSIC_SAYS = """\
Creating web-g1 ...
Creating web-g1 ... error

ERROR: for web-g1  Cannot create container for service web-g1: mkdir /x: no space left on device

ERROR: for web-g1  Cannot create container for service web-g1: mkdir /x: no space left on device
Encountered errors while bringing up the project.
"""
COMPOSE_SAYS = """\
 Container web-g1  Creating
Error response from daemon: mkdir /x: no space left on device
"""


@pytest.mark.parametrize("said, reason", [
    (CLASSIC_SAYS,
     "Cannot create container for service web-g1: mkdir /x: no space left on device"),
    (COMPOSE_SAYS, "mkdir /x: no space left on device"),
    ("Pulling web-g1 (sha256:aa)...\npage not found\n", "page not found"),
    ("ERROR: The Compose file is invalid\n", "The Compose file is invalid"),
    ("", "it ended with exit code 1"),
])
def test_reason_of_a_failure_is_told_in_one_line(tmp_path, said, reason):
    program = tmp_path / "docker-compose"
    program.write_text(f"#!/bin/sh\ncat >&2 <<'END'\n{said}END\nexit 1\n")
    program.chmod(0o755)
    with pytest.raises(BackendError) as caught:
        Compose(str(program), "1.29.2").create(tmp_path / "f", "web-g1", "kolla", "unix:///x", 5)
    assert str(caught.value) == f"compose does not make web-g1: {reason}"


def test_options_of_the_operators_own_compose_are_not_used(tmp_path, monkeypatch):
    monkeypatch.setenv("COMPOSE_PROFILES", "mine")
    monkeypatch.setenv("COMPOSE_PARALLEL_LIMIT", "1")
    program = tmp_path / "docker-compose"
    program.write_text(f"#!/bin/sh\nenv >{tmp_path}/seen\n")
    program.chmod(0o755)
    Compose(str(program), "2.26.1").create(tmp_path / "f", "web-g1", "kolla", "unix:///x", 5)
    seen = (tmp_path / "seen").read_text().splitlines()
    assert sorted(line for line in seen if line.startswith("COMPOSE_")) == [
        "COMPOSE_HTTP_TIMEOUT=5", "COMPOSE_IGNORE_ORPHANS=1",
    ]

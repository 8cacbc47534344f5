"""What is special about the compose backend: its file, its program, and what people do to them."""

import itertools
import os
import subprocess

import jsonschema
import pytest
import yaml

from tests.functional.conftest import SYNTHETIC
from tests.functional.support import backends
from tests.functional.support.harness import Deployment
from tests.functional.support.watching import generation, serving, untouched

BACKENDS = ("compose", "docker-compose")

NAME, WORKER = "synthetic-http", "synthetic-worker"
RIGHTS = SYNTHETIC.with_name("rights")


@pytest.fixture(scope="module")
def compose(backend) -> str:
    """The program."""
    return backends.required(classic=backend == "docker-compose").program


def by_hand(compose: str, deployment: Deployment, *arguments: str, folder=None) -> str:
    """What a person does with the file; all that it says."""
    done = subprocess.run(
        [compose, *arguments], cwd=folder or deployment.state_dir / "compose", text=True,
        capture_output=True, timeout=120,
        env={**os.environ, "DOCKER_HOST": deployment.engine.url},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def file(deployment: Deployment):
    return deployment.state_dir / "compose" / "compose.yaml"


def services(deployment: Deployment) -> dict[str, dict]:
    return yaml.safe_load(file(deployment).read_text())["services"]


_changes = itertools.count(1)


def upgrade(deployment: Deployment, name: str = NAME) -> None:
    option = f"synthetic.{name.removeprefix('synthetic-')}_failure_after={next(_changes)}"
    deployment.kolla("--set", option, "container", "upgrade", name)


def ids(deployment: Deployment) -> dict[str, str]:
    with deployment.engine.client() as client:
        return {found.name: found.id for found in client.containers.list(all=True)}


# The file

def test_current_generations_are_in_no_profile_and_secrets_in_their_own_files(synthetic):
    upgrade(synthetic)
    number = generation(synthetic)
    found = services(synthetic)
    assert "profiles" not in found[f"{NAME}-g{number}"]
    assert found[f"{NAME}-g{number - 1}"]["profiles"] == ["kept"]
    (env_file,) = found[f"{WORKER}-g1"]["env_file"]
    assert os.stat(env_file).st_mode & 0o777 == 0o600
    secret = (synthetic.config_dir / "kolla.conf.d" / "passwords.conf").read_text().split()[-1]
    told = [path for path in synthetic.state_dir.rglob("*")
            if path.is_file() and secret.encode() in path.read_bytes()]
    assert list(map(str, told)) == [env_file]


def test_set_and_plugin_of_each_service_are_told(synthetic):
    text = file(synthetic).read_text()
    assert "\n  # ---- synthetic\n" in text
    assert "# plugin kolla-synthetic; image kolla/synthetic:2026.1 (2026.1, " in text


@pytest.mark.differs
def test_ps_logs_and_config_work_by_hand(synthetic, compose):
    number = generation(synthetic)
    assert f"{NAME}-g{number}" in by_hand(compose, synthetic, "ps")
    by_hand(compose, synthetic, "logs", "--tail", "1", f"{NAME}-g{number}")
    shown = yaml.safe_load(by_hand(compose, synthetic, "config"))
    assert set(shown["services"]) >= {f"{NAME}-g{number}", f"{WORKER}-g1"}


@pytest.mark.differs
def test_up_by_hand_changes_nothing_and_starts_only_what_is_current(synthetic, compose):
    upgrade(synthetic, WORKER)
    before, number = ids(synthetic), generation(synthetic)
    with serving(synthetic) as answers:
        by_hand(compose, synthetic, "up", "-d")
    assert ids(synthetic) == before and set(answers.given) == {number}
    with synthetic.engine.client() as client:
        client.containers.get(f"{WORKER}-g2").stop()
        synthetic.kolla("container", "stop", NAME)
        by_hand(compose, synthetic, "up", "-d")
        running = {found.name for found in client.containers.list()}
    assert running == {f"{WORKER}-g2"}
    synthetic.kolla("set", "start")
    assert ids(synthetic) == before and generation(synthetic) == number


def test_down_by_hand_takes_no_data_and_recovery_brings_everything_back(synthetic, compose):
    number = generation(synthetic)
    by_hand(compose, synthetic, "down", "-v")
    synthetic.kolla("recover")
    assert generation(synthetic) == number
    journal = ("cat", "/var/lib/synthetic/journal")
    done = synthetic.kolla("container", "exec", WORKER, "--", *journal)
    assert done.stdout.startswith("bootstrap 1\nstart 1\n")
    by_hand(compose, synthetic, "config", "-q")


def test_edited_file_is_reported_and_never_lost(synthetic):
    edited = file(synthetic).read_text().replace("KOLLA_PORT", "KOLLA_EDITED")
    file(synthetic).write_text(edited)
    for _ in range(2):
        with untouched(synthetic):
            done = synthetic.kolla("set", "start")
        assert f"kolla: {file(synthetic)} was edited by hand" in done.stderr
    done = synthetic.kolla("container", "restart", NAME)
    (aside,) = file(synthetic).parent.glob("compose.edited-*.yaml")
    assert str(aside) in done.stderr and aside.read_text() == edited
    assert "edited" not in synthetic.kolla("set", "start").stderr
    assert "KOLLA_EDITED" not in file(synthetic).read_text()
    aside.unlink()


@pytest.mark.parametrize("damage", ["", "services: {", "services: {nobody: {image: x}}"])
def test_broken_file_is_written_anew_by_the_next_change(synthetic, compose, damage):
    file(synthetic).write_text(damage)
    with serving(synthetic):
        upgrade(synthetic)
    by_hand(compose, synthetic, "config", "-q")
    assert f"{NAME}-g{generation(synthetic)}" in services(synthetic)
    next(file(synthetic).parent.glob("compose.edited-*.yaml")).unlink()


def test_file_that_both_lines_of_compose_take(synthetic):
    for classic in (False, True):
        program = backends.required(classic).program
        named = by_hand(program, synthetic, "config", "--services").split()
        assert f"{NAME}-g{generation(synthetic)}" in named


def test_file_follows_the_schema_of_the_specification(synthetic):
    """It comes with docker-compose 1.29; compose 2 has a later one, and checks by itself."""
    classic = backends.required(classic=True)
    code = "import compose.config, os; print(os.path.dirname(compose.config.__file__))"
    python = open(classic.program).readline().removeprefix("#!").strip()
    folder = subprocess.run([python, "-c", code], capture_output=True, text=True).stdout.strip()
    schema = yaml.safe_load(open(f"{folder}/compose_spec.json"))
    validator = jsonschema.Draft7Validator(schema)
    assert not list(validator.iter_errors(yaml.safe_load(file(synthetic).read_text())))


# The program

def test_nothing_to_do_is_no_call_of_compose(synthetic, compose, tmp_path):
    counting = tmp_path / "docker-compose"
    counting.write_text(f"#!/bin/sh\necho \"$@\" >>{tmp_path}/calls\nexec {compose} \"$@\"\n")
    counting.chmod(0o755)
    synthetic.kolla("set", "upgrade")
    for words in (("set", "start"), ("set", "upgrade"), ("plan",), ("recover",),
                  ("set", "check"), ("set", "stop", "synthetic", "--dry-run")):
        synthetic.kolla("--set", f"compose.command={counting}", *words)
    assert not (tmp_path / "calls").exists()
    synthetic.kolla("--set", f"compose.command={counting}", "container", "restart", NAME)
    calls = (tmp_path / "calls").read_text().splitlines()
    assert [line for line in calls if " up " in line] == [calls[-1]]
    assert len(calls) <= 2  # the other one asks for the version


BAD_PROGRAMS = {
    "none": ("", "/nowhere/docker-compose does not run"),
    "too old": ("echo 2.10.2", "docker-compose is 2.10.2"),
    "broken": ("exit 1", "does not run"),
}


@pytest.mark.parametrize("flaw", BAD_PROGRAMS)
def test_compose_that_will_not_do_is_told_before_anything_is_touched(synthetic, tmp_path, flaw):
    text, told = BAD_PROGRAMS[flaw]
    program = tmp_path / "docker-compose"
    program.write_text(f"#!/bin/sh\n{text}\n")
    program.chmod(0o755)
    command = "/nowhere/docker-compose" if flaw == "none" else program
    with untouched(synthetic):
        done = synthetic.kolla(
            "--set", f"compose.command={command}", "container", "restart", NAME, expect=1
        )
    first, second = done.stderr.splitlines()[:2]
    assert first.startswith("kolla: the compose backend needs compose 2.26 or newer, or ")
    assert told in first and "apt-get install docker-compose" in second


@pytest.mark.differs
def test_failure_of_compose_is_one_line_and_the_old_one_serves(synthetic, compose, tmp_path):
    program = tmp_path / "docker-compose"
    program.write_text(
        f"#!/bin/sh\ncase \"$*\" in *version*) exec {compose} \"$@\";; esac\n"
        "echo 'ERROR: no space left on device' >&2\nexit 1\n"
    )
    program.chmod(0o755)
    number = generation(synthetic)
    with serving(synthetic) as answers:
        (row,) = synthetic.kolla(
            "--set", f"compose.command={program}", "container", "restart", NAME, "-f", "json",
            expect=1,
        ).json()
    assert set(answers.given) == {number}
    assert f"compose does not make {NAME}-g{number + 1}: no space left on device" in row["reason"]
    with serving(synthetic):
        synthetic.kolla("container", "restart", NAME)


def test_project_of_somebody_else_is_left_alone(synthetic, compose, tmp_path):
    (tmp_path / "docker-compose.yaml").write_text(yaml.safe_dump({"services": {"theirs": {
        "image": "kolla/synthetic:2026.1", "network_mode": "host", "command": ["true"],
    }}}))
    by_hand(compose, synthetic, "-p", "kolla", "up", "--no-start", folder=tmp_path)
    with untouched(synthetic):
        done = synthetic.kolla("container", "restart", NAME, expect=1)
    assert f"the compose project 'kolla' is in use elsewhere: {tmp_path} has" in done.stderr
    assert "[compose] project" in done.stderr
    by_hand(compose, synthetic, "-p", "kolla", "rm", "-fsv", "theirs", folder=tmp_path)
    synthetic.kolla("container", "restart", NAME)


def test_alias_of_its_ancestor_is_the_same_backend(synthetic):
    rows = synthetic.kolla("--set", "backend.driver=fig", "set", "upgrade", "-f", "json").json()
    assert {row["outcome"] for row in rows} == {"unchanged"}


# What it cannot do

def test_what_the_program_cannot_express_is_refused_before_anything_is_touched(
    synthetic, backend
):
    synthetic.install_plugin(RIGHTS)
    synthetic.configure("[host]\nenabled = synthetic, rights-cgroup\n", "20-rights")
    synthetic.kolla("config", "passwords")
    if backend == "docker-compose":
        with untouched(synthetic):
            done = synthetic.kolla("container", "start", "rights-cgroup", expect=1)
        assert "rights-cgroup needs the host's cgroups (cgroup: host)" in done.stderr
        assert "docker-compose 1.29 cannot express" in done.stderr
        assert "compose 2.26 or newer can" in done.stderr
    synthetic.configure("", "20-rights")
    synthetic.remove_plugin(RIGHTS)


# From one backend to the other

def test_container_moves_with_its_next_upgrade_there_and_back(synthetic):
    for driver, reason in (("docker", "compose -> docker"), ("compose", "docker -> compose")):
        synthetic.configure(f"[backend]\ndriver = {driver}\n", "06-moved")
        number = generation(synthetic)
        with serving(synthetic) as answers:
            rows = synthetic.kolla("set", "upgrade", "-f", "json").json()
        assert set(answers.given) == {number, number + 1}
        assert {row["reason"] for row in rows} == {f"backend: {reason}"}
        with synthetic.engine.client() as client:
            made = client.containers.get(f"{NAME}-g{number + 1}").labels
            gone = client.containers.get(f"{NAME}-g{number}")
        assert ("com.docker.compose.project" in made) == (driver == "compose")
        assert (gone.status, gone.attrs["HostConfig"]["RestartPolicy"]["Name"]) == ("exited", "no")
        in_file = services(synthetic)
        assert (f"{NAME}-g{number + 1}" in in_file) == (driver == "compose")
        assert (f"{NAME}-g{number}" in in_file) == (driver == "docker")
        synthetic.kolla("set", "check")
        with untouched(synthetic):
            synthetic.kolla("set", "upgrade")


def test_rollback_goes_back_to_the_backend_of_that_generation(synthetic):
    synthetic.configure("[backend]\ndriver = docker\n", "06-moved")
    synthetic.kolla("container", "upgrade", NAME)
    with serving(synthetic):
        synthetic.kolla("container", "rollback", NAME)
    assert f"{NAME}-g{generation(synthetic)}" in services(synthetic)
    synthetic.configure("", "06-moved")
    rows = synthetic.kolla("set", "upgrade", "-f", "json").json()
    assert {row["outcome"] for row in rows} == {"unchanged"}


def test_deleted_containers_are_no_longer_in_the_file_and_keep_their_data(synthetic, compose):
    upgrade(synthetic, WORKER)
    # One whose container went with a `down` by hand may be there as well, until it is forgotten.
    *_, kept = (name for name, service in services(synthetic).items()
                if name.startswith(WORKER) and "profiles" in service)
    with synthetic.engine.client() as client:
        client.containers.get(kept).remove()
    synthetic.kolla("container", "delete", WORKER, "--yes")
    assert not [name for name in services(synthetic) if name.startswith(WORKER)]
    synthetic.kolla("set", "delete", "synthetic", "--yes")
    assert services(synthetic) == {}
    with synthetic.engine.client() as client:
        assert {volume.name for volume in client.volumes.list()} >= {NAME, WORKER}
    synthetic.kolla("set", "start")
    by_hand(compose, synthetic, "config", "-q")

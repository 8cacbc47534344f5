"""An exported tree: the host is not touched, and compose alone can run it."""

import os
import subprocess

import pytest
import yaml

from tests.functional.conftest import SYNTHETIC
from tests.functional.support import backends
from tests.functional.support.harness import Deployment
from tests.functional.support.watching import get, until, untouched

PROGRAMS = {"compose": False, "docker-compose": True}


@pytest.fixture(scope="module")
def tree(deployment: Deployment, synthetic_images) -> Deployment:
    for name in ("synthetic", "chain"):
        deployment.install_plugin(SYNTHETIC.with_name(name))
    deployment.configure("[host]\nenabled = synthetic, chain\n", "10-host")
    deployment.kolla("config", "passwords")
    return deployment


def export(tree: Deployment, folder, *arguments: str, **options):
    return tree.kolla("set", "export", *arguments, "--output", str(folder), **options)


def compose(folder, tree: Deployment, program: str, *arguments: str) -> str:
    done = subprocess.run(
        [program, *arguments], cwd=folder, capture_output=True, text=True, timeout=300,
        env={**os.environ, "DOCKER_HOST": tree.engine.url},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_export_touches_no_host_and_names_its_files(tree, tmp_path):
    with untouched(tree):
        printed = export(tree, tmp_path, "--format", "compose").stdout.split()
    assert printed[0] == f"{tmp_path}/compose.yaml"
    assert all(os.path.isfile(path) for path in printed)
    assert not tree.state_dir.exists()


def test_it_needs_no_engine(tree, tmp_path):
    export(tree, tmp_path, "--set", "docker.url=unix:///nowhere")
    assert (tmp_path / "compose.yaml").is_file()


def test_secrets_are_in_files_for_root_that_version_control_leaves_out(tree, tmp_path):
    export(tree, tmp_path)
    text = (tmp_path / "compose.yaml").read_text()
    (line,) = [line for line in (tree.config_dir / "kolla.conf.d" / "passwords.conf")
               .read_text().splitlines() if line.startswith("password")]
    secret = line.partition("= ")[2]
    holders = [path for path in tmp_path.rglob("*")
               if path.is_file() and secret in path.read_text()]
    ignored = (tmp_path / ".gitignore").read_text().split()
    assert holders and secret not in text
    for path in holders:
        assert path.stat().st_mode & 0o777 == 0o600
        place = path.relative_to(tmp_path)
        assert f"/{place}" in ignored or place.parts[0] == "env"
    assert "/env/" in ignored


def test_same_tree_is_the_same_file(tree, tmp_path):
    export(tree, tmp_path / "one")
    export(tree, tmp_path / "two")
    export(tree, tmp_path / "two")
    one, two = ((tmp_path / name / "compose.yaml").read_text() for name in ("one", "two"))
    assert one == two


def test_set_alone_and_order_of_what_needs_each_other(tree, tmp_path):
    export(tree, tmp_path, "chain")
    services = yaml.safe_load((tmp_path / "compose.yaml").read_text())["services"]
    assert {"chain-first", "chain-second", "chain-third"} <= set(services)
    assert not any(name.startswith("synthetic") for name in services)
    assert services["chain-second"]["depends_on"]["chain-first"] == {
        "condition": "service_healthy"
    }


def test_edited_file_and_unknown_format_are_refused(tree, tmp_path):
    export(tree, tmp_path)
    with (tmp_path / "compose.yaml").open("a") as file:
        file.write("# mine\n")
    assert "compose.yaml was edited" in export(tree, tmp_path, expect=1).stderr
    done = export(tree, tmp_path / "x", "--format", "compsoe", expect=2)
    assert "no exporter 'compsoe'; did you mean 'compose'?" in done.stderr


@pytest.mark.parametrize("line", PROGRAMS)
def test_exported_tree_runs_without_kolla(tree, tmp_path, line):
    program = backends.required(PROGRAMS[line]).program
    export(tree, tmp_path, "synthetic")
    compose(tmp_path, tree, program, "config", "-q")
    compose(tmp_path, tree, program, "up", "-d")
    try:
        assert until(lambda: _answers(tree)) == "1"
        with tree.engine.client() as client:
            until(lambda: all(
                container.attrs["State"]["Health"]["Status"] == "healthy"
                for container in client.containers.list()
            ))
            running = {container.name for container in client.containers.list()}
        assert running == {"synthetic-http", "synthetic-worker"}
    finally:
        compose(tmp_path, tree, program, "down", "-v")


def _answers(tree: Deployment) -> str:
    try:
        return get(tree.address, 18999, "/generation")
    except (OSError, AssertionError):
        return ""

"""What an exported compose file and the files beside it are."""

import dataclasses
import os
import subprocess
import types

import pytest
import yaml

from kolla.errors import KollaError
from kolla.exporters import compose
from kolla.plugin import File
from kolla.plugin.export import Exported, Tree
from tests.unit.support.factory import CHECK, make_spec

SECRETS = {"PASSWORD": "%{secret}", "PORT": "80"}
FILES = (
    File("/etc/a [1].conf", "key = %{secret}", mode=0o400),
    File("/etc/plain.conf", "x", mode=0o444),
)


class Settings:
    """Its only secret is ``%{secret}``."""

    def __init__(self, secret: str = "hunter2"):
        self.secret = secret

    def value(self, *names):
        return {}

    def references(self, text: str) -> list[str]:
        return ["secret"] if "%{secret}" in text else []

    def taken_out(self, text):
        return []

    def reveal(self, text: str) -> str:
        if self.secret is None and self.references(text):
            raise KollaError("the secret is missing")
        return text.replace("%{secret}", self.secret or "")


def export(folder, secret: str | None = "hunter2", **changes) -> dict:
    """The services that stand in the file."""
    spec = make_spec(**{
        "user": os.getuid(), "environment": SECRETS, "files": FILES, **changes,
    })
    container = types.SimpleNamespace(name=spec.container, summary="serves", requires=())
    exported = Exported(container, spec, ("control", spec.container), "kolla")
    compose.export(Tree("here", (exported,), Settings(secret)), folder)
    return yaml.safe_load((folder / "compose.yaml").read_text())["services"]


def ignored(folder) -> list[str]:
    """What git leaves out of the files below a folder."""
    subprocess.run(["git", "init", "-q", folder], check=True)
    done = subprocess.run(
        ["git", "ls-files", "-z", "--others", "--ignored", "--exclude-standard"], cwd=folder,
        check=True, capture_output=True, text=True,
    )
    return done.stdout.split("\0")[:-1]


def test_version_control_leaves_out_every_file_with_a_secret_and_no_other(tmp_path):
    export(tmp_path)
    assert ignored(tmp_path) == ["containers/web/files/etc/a [1].conf", "env/web.env"]


def test_lines_of_an_earlier_gitignore_stay(tmp_path):
    (tmp_path / ".gitignore").write_bytes(b"# mine \xff\n*.bak")
    export(tmp_path)
    export(tmp_path, files=(File("/etc/other.conf", "%{secret}", mode=0o400),))
    export(tmp_path, files=())
    assert (tmp_path / ".gitignore").read_bytes().splitlines() == [
        b"# mine \xff", b"*.bak", b"/env/", b"/containers/*/secrets*",
        rb"/containers/web/files/etc/a\ \[1].conf",
        b"/containers/web/files/etc/other.conf",
    ]
    assert "containers/web/files/etc/a [1].conf" in ignored(tmp_path)


def test_no_secret_is_written_before_version_control_leaves_it_out(tmp_path):
    with pytest.raises(KollaError, match="secret is missing"):
        export(tmp_path, secret=None)
    assert "/env/" in (tmp_path / ".gitignore").read_text()
    assert not (tmp_path / "compose.yaml").exists()


def test_health_check_gets_its_dollars(tmp_path):
    command = ["sh", "-c", "test $READY = ${HOME}"]
    services = export(tmp_path, check=dataclasses.replace(CHECK, command=command))
    assert services["web"]["healthcheck"]["test"][-3:] == [
        "sh", "-c", "test $$READY = $${HOME}",
    ]


@pytest.mark.parametrize("code, healthy", [(0, True), (75, True), (1, False), (2, False)])
def test_health_check_of_what_works_and_is_strained_passes(tmp_path, code, healthy):
    command = ["sh", "-c", f"exit {code}"]
    _, *words = export(
        tmp_path, check=dataclasses.replace(CHECK, command=command)
    )["web"]["healthcheck"]["test"]
    done = subprocess.run([word.replace("$$", "$") for word in words])
    assert (done.returncode == 0) == healthy


@pytest.mark.parametrize("secret", ["ab${HOME}c", "end\\", r"x\'y", r"a\\b"])
def test_secret_that_docker_compose_1_misreads_is_warned_of(tmp_path, caplog, secret):
    export(tmp_path, secret)
    assert [record.getMessage() for record in caplog.records] == [
        f"docker-compose 1.29 misreads PASSWORD in {tmp_path}/env/web.env; compose 2 does not"
    ]


@pytest.mark.parametrize("secret", ["plain", "it's $HOME", r"a\b", 'a "b" #c'])
def test_secret_that_both_lines_of_compose_read_alike_is_not_warned_of(tmp_path, caplog, secret):
    export(tmp_path, secret)
    assert not caplog.records

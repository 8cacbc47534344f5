"""What an exported compose file and the files beside it are."""

import os
import subprocess
import types

import pytest
import yaml

from kolla.exporters import compose
from kolla.plugin import Check, Content, Exported, Mount, MountKind, Program, Tree

FILES = (
    Content("/etc/a [1].conf", b"key = hunter2", 0o400, secret=True),
    Content("/etc/plain.conf", b"x", 0o444, secret=False),
)


def exported(secret: str = "hunter2", **changes) -> Exported:
    name = changes.pop("name", "web")
    declared = types.SimpleNamespace(name=name, summary="serves", requires=(), stop_grace=10)
    return Exported(**{
        "container": declared, "distribution": "kolla", "path": ("control", name),
        "image": "kolla/web:2026.1", "user": os.getuid(),
        "service": Program(name, (), {"PORT": "80"}, {"PASSWORD": secret}),
        "tasks": {"bootstrap": ()}, "files": FILES, "mounts": (), "listens": (),
        "privileges": (), "security": (), "limits": {}, "needs": (), "check": Check(),
        "drain": (), "log": {"driver": "json-file"}, **changes,
    })


def export(folder, *containers: Exported) -> dict:
    """The services that stand in the file."""
    for written in compose.export(Tree("here", containers, lambda values: None), folder):
        path = folder / written.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(written.content)
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
    export(tmp_path, exported())
    assert ignored(tmp_path) == ["containers/web/files/etc/a [1].conf", "env/web.env"]


def test_lines_of_an_earlier_gitignore_stay(tmp_path):
    (tmp_path / ".gitignore").write_bytes(b"# mine \xff\n*.bak")
    other = Content("/etc/other.conf", b"hunter2", 0o400, secret=True)
    for files in (FILES, (other,), ()):
        export(tmp_path, exported(files=files))
    assert (tmp_path / ".gitignore").read_bytes().splitlines() == [
        b"# mine \xff", b"*.bak", b"/env/",
        rb"/containers/web/files/etc/a\ \[1].conf",
        b"/containers/web/files/etc/other.conf",
    ]
    assert "containers/web/files/etc/a [1].conf" in ignored(tmp_path)


def test_no_secret_is_written_before_version_control_leaves_it_out(tmp_path):
    tree = Tree("here", (exported(),), lambda values: None)
    written = list(compose.export(tree, tmp_path))
    assert [each.path for each in written[:2]] == ["compose.yaml", ".gitignore"]
    assert b"hunter2" not in written[0].content
    assert {each.mode for each in written if b"hunter2" in each.content} == {0o600, 0o400}


def test_a_task_in_the_place_of_another_container_has_its_image_and_mounts(tmp_path):
    task = Program("cells", ("map",), {}, {}, 600, of="api")
    api = exported(name="api", image="kolla/api:1", mounts=(
        Mount(MountKind.VOLUME, "/var/lib/api", "api"),))
    services = export(tmp_path, exported(tasks={"bootstrap": (task,)}), api)
    assert services["web-cells"]["image"] == "kolla/api:1"
    assert "api:/var/lib/api" in services["web-cells"]["volumes"]


def test_what_this_host_lacks_and_need_not_have_is_left_out(tmp_path):
    mounts = tuple(
        Mount(MountKind.PATH, f"/mnt/{number}", source, optional=True)
        for number, source in enumerate((str(tmp_path), f"{tmp_path}/nowhere"))
    )
    binds = export(tmp_path, exported(files=(), mounts=mounts))["web"]["volumes"]
    assert binds[1:] == [f"{tmp_path}:/mnt/0:rw,rprivate"]


def test_health_check_gets_its_dollars(tmp_path):
    command = ["sh", "-c", "test $READY = ${HOME}"]
    services = export(tmp_path, exported(check=Check(command)))
    assert services["web"]["healthcheck"]["test"][-3:] == [
        "sh", "-c", "test $$READY = $${HOME}",
    ]


@pytest.mark.parametrize("code, healthy", [(0, True), (75, True), (1, False), (2, False)])
def test_health_check_of_what_works_and_is_strained_passes(tmp_path, code, healthy):
    command = ["sh", "-c", f"exit {code}"]
    services = export(tmp_path, exported(check=Check(command)))
    _, *words = services["web"]["healthcheck"]["test"]
    done = subprocess.run([word.replace("$$", "$") for word in words])
    assert (done.returncode == 0) == healthy


@pytest.mark.parametrize("secret", ["ab${HOME}c", "end\\", r"x\'y", r"a\\b"])
def test_secret_that_docker_compose_1_misreads_is_warned_of(tmp_path, caplog, secret):
    export(tmp_path, exported(secret))
    assert [record.getMessage() for record in caplog.records] == [
        "docker-compose 1.29 misreads PASSWORD in env/web.env; compose 2 does not"
    ]


@pytest.mark.parametrize("secret", ["plain", "it's $HOME", r"a\b", 'a "b" #c'])
def test_secret_that_both_lines_of_compose_read_alike_is_not_warned_of(tmp_path, caplog, secret):
    export(tmp_path, exported(secret))
    assert not caplog.records

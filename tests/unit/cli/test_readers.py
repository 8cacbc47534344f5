"""Members of the group [DEFAULT] readers look, and touch nothing; tried as another user."""

import json
import os
import pathlib
import sys
import tempfile

import pytest

from kolla.cli import main
from kolla.store import published
from tests.unit.support.cli import PLUGIN_NAME, CommandLine
from tests.unit.support.factory import make_spec

NOBODY = 65534


@pytest.fixture
def shown(monkeypatch):
    """A deployment whose readers are the group of nobody, in a folder that all may enter."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        yield shown_in(pathlib.Path(name), monkeypatch)
    sys.modules.pop(PLUGIN_NAME, None)


def shown_in(place: pathlib.Path, monkeypatch) -> CommandLine:
    kolla, folder = CommandLine(place), place / "run"
    monkeypatch.syspath_prepend(kolla.plugins)
    with kolla.config.open("a") as file:
        file.write("[engine]\nkeep_generations = 7\n[web]\n")
    text = kolla.config.read_text().replace(
        "[DEFAULT]\n", f"[DEFAULT]\nreaders = nogroup\nreaders_dir = {folder}\n", 1)
    kolla.config.write_text(text.replace("[web]\n", ""))
    kolla.config.chmod(0o600)
    store = kolla.store
    store.begin("probe", make_spec(container="probe"), {"a.b": "fingerprint"}, "start")
    store.commit("probe", 1)
    store.update("probe", health="healthy", release_pin="2026.1")
    store.close()
    from kolla.deployment import Deployment

    deployment = Deployment(kolla.config.parent)
    deployment.configuration.require_valid()
    deployment.configuration.keep(deployment.state_dir)
    deployment.close()
    monkeypatch.setattr(published, "FOLDER", folder)
    monkeypatch.setattr(main, "DEFAULT_CONFIG_DIR", kolla.config.parent)
    return kolla


def as_nobody(kolla, *arguments: str, group: int = NOBODY):
    """The answer to a command of the user nobody: exit code, output, errors."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setresgid(group, group, group)
            os.setresuid(NOBODY, NOBODY, NOBODY)
            answer = kolla(*arguments)
            told = json.dumps([answer.code, answer.out, answer.err])
        except BaseException as error:
            told = json.dumps([-1, "", repr(error)])
        os.write(writer, told.encode())
        os._exit(0)
    os.close(writer)
    with open(reader) as stream:
        told = json.loads(stream.read())
    os.waitpid(child, 0)
    return told


@pytest.mark.parametrize("command, told", [
    ("status", "Waiting for you"), ("set list", "near-caches"), ("set tree", "probe"),
    ("container list", "pinned to 2026.1"), ("container history probe", "current"),
    ("container show probe", "probe"), ("event list", "no events"),
    ("container check --quick probe", "probe"), ("set show caches", "What can be lost"),
])
def test_a_reader_may_look(shown, command, told):
    shown(*command.split())  # as root, so that all modules are imported
    code, out, err = as_nobody(shown, *command.split())
    assert code in (0, 1) and told in out, (code, out, err)
    assert "Traceback" not in err and "bug in kolla" not in err


@pytest.mark.parametrize("command", [
    "container stop probe", "container maintenance on probe", "container start guard",
    "container upgrade probe", "config passwords", "container delete probe --yes", "recover",
])
def test_a_reader_changes_nothing_and_is_told(shown, command):
    shown(*command.split())  # as root, so that all modules are imported
    store = shown.store
    store.update("probe", maintenance=None, current=1, target="running")
    record = store.container("probe")
    store.close()
    shown("set", "list")  # which publishes that
    code, out, err = as_nobody(shown, *command.split())
    assert code in (1, 2) and err and "Traceback" not in err and "bug in kolla" not in err
    after = shown.store
    assert after.container("probe") == record
    after.close()


@pytest.mark.parametrize("command", [
    "plan", "container diff probe", "container logs probe", "container check probe",
    "container stop probe", "recover", "container exec probe ls",
])
def test_what_needs_the_engine_is_for_root(shown, command):
    shown(*command.split())  # as root, so that all modules are imported
    shown("set", "list")
    code, out, err = as_nobody(shown, *command.split())
    assert code == 1 and "run it as root" in err and "is it running" not in err


def test_who_is_not_in_the_group_sees_nothing(shown):
    code, out, err = as_nobody(shown, "container", "list", group=12345)
    assert code == 1 and "probe" not in out and "run it as root" in err


def test_a_reader_cannot_reach_the_state_file_or_its_locks(shown):
    assert shown.state_dir.stat().st_mode & 0o077 == 0


def test_why_nothing_is_shown_is_told_once_and_not_every_ten_seconds(shown, caplog):
    from kolla.deployment import Deployment

    shown.config.write_text(shown.config.read_text().replace("= nogroup", "= no-such-group"))
    deployment = Deployment(shown.config.parent)
    for _ in range(3):
        deployment.publish()
    assert [record.message for record in caplog.records if "no-such-group" in record.message] == [
        "there is no group 'no-such-group', which [DEFAULT] readers names"
        "\n  groupadd --system no-such-group"]
    deployment.close()

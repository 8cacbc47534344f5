"""``kolla config rotate`` and ``passwords`` with keys that containers have made."""

import json

import pytest

from kolla.cli.main import Kolla
from kolla.deployment import Deployment
from kolla.plugin import File, numbered
from kolla.settings import passwords
from tests.unit.support.factory import make_spec

OPTIONS = ("fernet_keys", "credential_keys")


@pytest.fixture
def kolla(tmp_path, capsys):
    """Runs a command on a configuration directory: (exit code, output, errors)."""
    (tmp_path / "kolla.conf").write_text(
        f"[DEFAULT]\nstate_dir = {tmp_path}/state\n"
        f"[docker]\nurl = unix://{tmp_path}/no-engine.sock\n"
    )

    def run(*words: str):
        code = Kolla().run(["--config-dir", str(tmp_path), *words])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def upgrade(folder, files=True) -> None:
    """Record a generation of Keystone with today's keys, or one that has made its own."""
    deployment = Deployment(folder)
    paths = [ring.path for ring in deployment.installed.containers["keystone"].keyrings]
    spec = make_spec(container="keystone", files=tuple(
        File(path, content="${keystone.%s}" % option, numbered=True)
        for path, option in zip(paths, OPTIONS) if files
    ))
    number = deployment.store.begin("keystone", spec, deployment.fingerprints.of(spec), "start")
    deployment.store.commit("keystone", number)
    deployment.close()


def keys(folder) -> list[list[int]]:
    """The numbers of the keys that are configured."""
    settings = Deployment(folder).settings
    return [[*numbered.parsed(settings.value("keystone", option))] for option in OPTIONS]


def test_one_step_is_taken_and_the_rest_is_named(kolla, tmp_path):
    kolla("config", "passwords")
    upgrade(tmp_path)
    code, out, _ = kolla("config", "rotate", "keystone")
    assert code == 0 and out == (
        "[keystone] fernet_keys has a new key, which does not sign yet\n"
        "[keystone] credential_keys has a new key, which does not sign yet\n"
        "next: `kolla container upgrade keystone` on every host\n"
        "then: once all hosts know the new key, this again: it signs\n"
    )
    assert keys(tmp_path) == [[0, 1], [0, 1]]
    upgrade(tmp_path)
    code, out, _ = kolla("config", "rotate", "keystone", "-f", "json")
    path = str(passwords.path_in(tmp_path))
    assert json.loads(out) == [
        {"group": "keystone", "option": option, "step": "sign", "file": path}
        for option in OPTIONS
    ]
    assert keys(tmp_path) == [[1, 2], [1, 2]]


def test_a_dry_run_changes_nothing(kolla, tmp_path):
    kolla("config", "passwords")
    upgrade(tmp_path)
    before = passwords.path_in(tmp_path).read_bytes()
    code, out, _ = kolla("config", "rotate", "keystone", "--dry-run")
    assert code == 0 and out.startswith("would be: [keystone] fernet_keys has a new key")
    assert passwords.path_in(tmp_path).read_bytes() == before


def test_the_other_hosts_are_named(kolla, tmp_path):
    kolla("config", "passwords")
    upgrade(tmp_path)
    (tmp_path / "hosts").mkdir()
    (tmp_path / "hosts" / "ctl2.conf").touch()
    assert "next: the same passwords.conf on ctl2\n" in kolla("config", "rotate", "keystone")[1]


def test_no_key_is_printed(kolla, tmp_path):
    kolla("config", "passwords")
    upgrade(tmp_path)
    told = "".join(kolla("config", "rotate", "keystone", "-f", "json")[1:])
    told += "".join(map(str, kolla("config", "show", "keystone")))
    settings = Deployment(tmp_path).settings
    for option in OPTIONS:
        for key in numbered.parsed(settings.value("keystone", option)).values():
            assert key not in told


def test_a_container_without_keys_is_refused_with_those_that_have_some(kolla):
    code, _, err = kolla("config", "rotate", "mariadb")
    assert code == 2 and "there is no container 'mariadb' with keys to rotate" in err
    assert "those with keys are: keystone" in err


def test_who_does_not_run_here_cannot_tell(kolla):
    kolla("config", "passwords")
    code, _, err = kolla("config", "rotate", "keystone")
    assert code == 1 and "keystone does not run on this host" in err


def test_keys_in_a_volume_that_cannot_be_read_are_not_replaced_by_new_ones(kolla, tmp_path):
    kolla("config", "passwords")
    upgrade(tmp_path, files=False)
    passwords.path_in(tmp_path).unlink()
    code, _, err = kolla("config", "passwords")
    assert code == 1 and not passwords.path_in(tmp_path).exists()
    assert "the keys of keystone in /var/lib/keystone/fernet-keys" in err


def test_what_was_taken_over_is_told(kolla, tmp_path, monkeypatch):
    from kolla.plans import keyrings

    kolla("config", "passwords")
    upgrade(tmp_path, files=False)
    passwords.path_in(tmp_path).unlink()
    theirs = {0: "A" * 43 + "=", 7: "B" * 43 + "="}
    monkeypatch.setattr(keyrings, "_in_volume", lambda *arguments: theirs)
    assert "would take over [keystone] fernet_keys" in kolla("config", "passwords", "--dry-run")[1]
    code, out, _ = kolla("config", "passwords")
    assert code == 0 and "took over [keystone] fernet_keys\n" in out
    assert "filled in [identity] admin_password\n" in out
    assert keys(tmp_path) == [[0, 7], [0, 7]]
    assert kolla("config", "passwords")[1] == "no secret is missing\n"

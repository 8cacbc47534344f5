"""``kolla config export``."""

import json

import pytest

from kolla.cli.main import Kolla
from kolla.settings import passwords


@pytest.fixture
def kolla(tmp_path, capsys):
    """Runs a command on the configuration of two hosts: (exit code, output, errors)."""
    etc = tmp_path / "etc"
    (etc / "hosts").mkdir(parents=True)
    (etc / "kolla.conf").write_text(f"[DEFAULT]\nstate_dir = {tmp_path}/state\n")
    (etc / "hosts" / "ctl1.conf").write_text(
        "[host]\naddress = 127.0.0.5\nenabled = mariadb, rabbitmq, keystone\n")
    (etc / "hosts" / "img1.conf").write_text(
        "[host]\naddress = 192.0.2.9\nenabled = glance-api\n")

    def run(*words: str):
        code = Kolla().run(["--config-dir", str(etc), *words])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    for host in ("ctl1", "img1"):
        assert run("--host", host, "config", "passwords")[0] == 0
    return run


def test_a_host_gets_its_secrets_and_the_others_are_named(kolla, tmp_path):
    code, out, err = kolla("--host", "img1", "config", "export", "--output", f"{tmp_path}/out")
    assert code == 0 and out.startswith(f"wrote what img1 needs below {tmp_path}/out\n")
    assert "left out: keystone.fernet_keys\n" in out
    assert out.endswith("next: img1 gets it as its /etc/kolla\n")
    text = passwords.path_in(tmp_path / "out").read_text()
    assert "[glance]" in text and "fernet" not in text and "cookie" not in text
    for line in passwords.path_in(tmp_path / "etc").read_text().splitlines():
        value = line.partition(" = ")[2]
        assert not value or value not in out + err


def test_as_data_it_is_one_row_for_each_thing(kolla, tmp_path):
    rows = json.loads(kolla("--host", "img1", "config", "export", "--output", f"{tmp_path}/out",
                            "-f", "json")[1])
    assert {"kind": "file", "name": f"{tmp_path}/out/kolla.conf"} in rows
    assert {"kind": "left out", "name": "messaging.cookie"} in rows


def test_a_second_time_is_refused(kolla, tmp_path):
    command = ("--host", "img1", "config", "export", "--output", f"{tmp_path}/out")
    kolla(*command)
    code, _, err = kolla(*command)
    assert code == 2 and f"{tmp_path}/out is not empty" in err


def test_a_host_without_a_file_is_refused(kolla, tmp_path):
    code, _, err = kolla("--host", "img2", "config", "export", "--output", f"{tmp_path}/out")
    assert code == 2 and "did you mean 'img1'?" in err and not (tmp_path / "out").exists()

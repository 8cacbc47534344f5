"""`kolla host install` puts in place what an installation with pip lacks."""

import os
import pathlib
import shutil
import subprocess
import sys

import pytest

PAGE = "usr/local/share/man/man1/kolla.1"


@pytest.fixture
def install(kolla, tmp_path):
    root = tmp_path / "root"

    def run(*arguments: str) -> dict[str, str]:
        answer = kolla("host", "install", "--root", str(root), "-f", "json", *arguments)
        assert answer.code == 0, answer.err
        return {row["file"]: row["outcome"] for row in answer.json}

    run.root = root
    return run


def test_everything_is_put_in_place_once(install):
    first = install()
    assert set(first.values()) == {"made"}
    assert {path for path in first if not (install.root / path[1:]).is_file()} == set()
    assert {outcome for outcome in install().values()} == {"unchanged", "kept"}


def test_a_dry_run_writes_nothing(install):
    assert set(install("--dry-run").values()) == {"to be made"} and not install.root.exists()


def test_units_start_the_kolla_that_installed_them(install):
    install()
    for unit in (install.root / "etc/systemd/system").glob("*.service"):
        assert f"={sys.prefix}/bin/kolla " in unit.read_text(), unit.name


def test_a_configuration_that_is_there_stays(install):
    path = install.root / "etc/kolla/kolla.conf"
    path.parent.mkdir(parents=True)
    path.write_text("[host]\naddress = 192.0.2.11\n")
    assert install()["/etc/kolla/kolla.conf"] == "kept"
    assert path.read_text() == "[host]\naddress = 192.0.2.11\n"


def test_what_an_earlier_kolla_wrote_is_replaced(install):
    install()
    unit = install.root / "etc/systemd/system/kolla-monitor.service"
    unit.write_text("[Service]\n")
    assert install()["/etc/systemd/system/kolla-monitor.service"] == "replaced"
    assert "WatchdogSec" in unit.read_text()


def test_a_unit_that_an_operator_has_masked_stays_masked(install):
    unit = install.root / "etc/systemd/system/kolla-refresh.timer"
    unit.parent.mkdir(parents=True)
    unit.symlink_to("/dev/null")
    assert install()["/etc/systemd/system/kolla-refresh.timer"] == "kept"
    assert os.readlink(unit) == "/dev/null"


def test_a_file_that_is_no_text_is_replaced(install):
    install()
    (install.root / PAGE).write_bytes(b"\xff\xfe")
    assert install()[f"/{PAGE}"] == "replaced"


def test_a_program_never_starts_itself(install, monkeypatch):
    """As it would if it is in /usr/local/bin, and its package has it there too."""
    monkeypatch.setattr(sys, "prefix", "/usr/local")
    assert "/usr/local/bin/kolla" not in install()


def test_a_link_to_the_program_stays_a_link(install):
    link = install.root / "usr/local/bin/kolla"
    link.parent.mkdir(parents=True)
    os.symlink(pathlib.Path(sys.prefix, "bin", "kolla"), link)
    assert "/usr/local/bin/kolla" not in install() and link.is_symlink()


def test_the_manual_page_has_every_command_and_option(install, kolla):
    install()
    text = (install.root / PAGE).read_text().replace("\\-", "-")
    assert '.SS "kolla container upgrade NAME [NAME ...] [OPTIONS]"' in text
    for word in ("--config-dir DIR", "--dry-run", "--release", "kolla container history keystone"):
        assert word in text, word


@pytest.mark.skipif(not shutil.which("groff"), reason="there is no groff")
def test_the_manual_page_has_no_fault_of_troff(install):
    install()
    done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-z", install.root / PAGE],
                          capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")

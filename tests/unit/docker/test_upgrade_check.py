"""kolla-upgrade-check: what a project's own check finds, on a line each."""

import importlib
import sys
import types

import pytest

from kolla_plugins.openstack import upgrade_check

TABLE = """\
+---------------------------------------------------------------------+
| Upgrade Check Results                                               |
+---------------------------------------------------------------------+
| Check: Cells v2                                                     |
| Result: Success                                                     |
| Details: None                                                       |
+---------------------------------------------------------------------+
| Check: hw_machine_type unset                                        |
| Result: Warning                                                     |
| Details: Instances found without hw_machine_type set. This warning  |
|   can be ignored if such instances are expected.                    |
+---------------------------------------------------------------------+
"""


@pytest.fixture
def check(sqlalchemy, monkeypatch):
    module = importlib.import_module("kolla_image.upgrade_check")
    monkeypatch.setattr(module, "is_new", lambda: False)
    monkeypatch.setattr(sys, "argv", ["kolla-upgrade-check", "nova-status"])
    return module


def ends(check, monkeypatch, code: int, table: str = TABLE) -> None:
    ended = types.SimpleNamespace(returncode=code, stdout=table, stderr="Traceback")
    monkeypatch.setattr(check.subprocess, "run", lambda *_, **__: ended)


def test_a_warning_is_told_and_stops_nothing(check, monkeypatch, capsys):
    ends(check, monkeypatch, 1)
    with pytest.raises(SystemExit) as ending:
        check.main()
    assert ending.value.code == upgrade_check("nova-status").warning
    assert capsys.readouterr().out == (
        "warning: hw_machine_type unset: Instances found without hw_machine_type set. This "
        "warning can be ignored if such instances are expected.\n"
    )


def test_a_failure_stops_the_upgrade_in_its_own_words(check, monkeypatch, capsys):
    ends(check, monkeypatch, 2, TABLE.replace("Result: Warning", "Result: Failure"))
    with pytest.raises(SystemExit, match="ended with exit code 2"):
        check.main()
    assert capsys.readouterr().out.startswith("failure: hw_machine_type unset: ")


def test_a_check_that_does_not_get_as_far_shows_why(check, monkeypatch, capsys):
    ends(check, monkeypatch, 255, "Error:\n")
    with pytest.raises(SystemExit, match="ended with exit code 255"):
        check.main()
    assert "Traceback" in capsys.readouterr().err


def test_before_the_first_start_there_is_nothing_to_check(check, monkeypatch, capsys):
    monkeypatch.setattr(check, "is_new", lambda: True)
    check.main()
    assert capsys.readouterr().out == "`nova-status upgrade check` has nothing to check yet\n"

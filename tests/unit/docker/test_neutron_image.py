"""The scripts in the image of Neutron's servers."""

import importlib.machinery
import importlib.util
import json
import subprocess
import sys

import pytest

from kolla.plugin import shared_folder


def load(*place: str):
    """A Python script of an image, as a module."""
    path = str(shared_folder("docker", *place))
    loader = importlib.machinery.SourceFileLoader("script", path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("script", loader))
    loader.exec_module(module)
    return module


@pytest.mark.parametrize("ages, code", [((9.0,), 0), ((9.0, 1.0), 0), ((1.0,), 1), ((), 1)])
def test_periodic_workers_that_do_not_last_are_not_well(monkeypatch, ages, code, capsys):
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    module = load("neutron", "kolla-check-periodic")
    workers = {100 + number: (7, age) for number, age in enumerate(ages)}
    monkeypatch.setattr(module, "processes", lambda: {1: (0, 99.0), 7: (1, 99.0), **workers})
    assert module.main() == code
    assert bool(capsys.readouterr().out) == bool(code)


@pytest.fixture
def verify(monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.syspath_prepend(str(shared_folder("docker", "openstack-base", "tools")))
    monkeypatch.setenv("KOLLA_RELEASE", "2026.1")
    monkeypatch.setenv("KOLLA_DUMPS", "true")
    return load("neutron", "kolla-neutron-verify")


def test_ranges_that_the_schema_of_2026_1_changes_are_told_before(verify):
    (said,) = verify.judge(verify.Ranges(changed=2, deleted=1))
    assert said.startswith("the schema of 2026.1 changes 2 ranges of segments and deletes 1")
    assert "restore the dump" in said


def test_without_a_dump_they_are_refused(verify, monkeypatch):
    monkeypatch.setenv("KOLLA_DUMPS", "false")
    with pytest.raises(SystemExit, match="dump_before_upgrade = false leaves no way back"):
        [*verify.judge(verify.Ranges(changed=1))]


def test_nothing_is_told_of_ranges_that_stay_as_they_are(verify, monkeypatch):
    assert [*verify.judge(verify.Ranges())] == []
    monkeypatch.setenv("KOLLA_RELEASE", "2025.2")
    assert [*verify.judge(verify.Ranges(changed=1))] == []


@pytest.mark.parametrize("code, told", [
    (0, []), (1, ["Worker counts: set them"]),
])
def test_a_warning_of_neutrons_own_check_is_told(verify, monkeypatch, code, told):
    checks = [{"check": "Ports", "result": 0, "details": None},
              {"check": "Worker counts", "result": code, "details": "set them"}]
    ended = subprocess.CompletedProcess((), code, json.dumps({"checks": checks}), "")
    monkeypatch.setattr(verify.subprocess, "run", lambda *_, **__: ended)
    assert verify.upgrade_check() == told


def test_a_failure_of_neutrons_own_check_refuses_the_upgrade_in_its_words(verify, monkeypatch):
    checks = [{"check": "Ports", "result": 2, "details": "two have one address"}]
    ended = subprocess.CompletedProcess((), 2, json.dumps({"checks": checks}), "")
    monkeypatch.setattr(verify.subprocess, "run", lambda *_, **__: ended)
    with pytest.raises(SystemExit, match="Ports: two have one address"):
        verify.upgrade_check()

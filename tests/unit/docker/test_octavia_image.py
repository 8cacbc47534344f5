"""What the scripts of Octavia's image do."""

import importlib.machinery
import importlib.util
import sys

import pytest

from kolla.plugin import shared_folder


@pytest.fixture
def check(monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    path = shared_folder("docker", "octavia", "bin", "kolla-check-octavia")
    loader = importlib.machinery.SourceFileLoader("check", str(path))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("check", loader))
    loader.exec_module(module)
    return module


@pytest.mark.parametrize("processes, complaint", [
    # The engine's init, the service, its two processes, and the check, which the engine starts.
    ({1: 0, 7: 1, 20: 7, 21: 7, 40: 0}, ""),
    ({1: 0, 7: 1, 21: 7, 40: 0}, "1 of its 2 processes are at work; see the log"),
    ({1: 0, 40: 0}, "it does not run"),
])
def test_a_process_that_has_ended_is_missed(check, monkeypatch, processes, complaint):
    monkeypatch.setattr(check, "parents", lambda: processes)
    assert check.trouble(["processes=2"]) == complaint


def test_a_thread_that_has_ended_is_missed(check, monkeypatch):
    """This test has a process, with a thread at least."""
    monkeypatch.setattr(check, "service", lambda _: "self")
    assert check.trouble(["threads=1"]) == ""
    assert check.trouble(["threads=9999"]).endswith("of its 9999 threads are at work; see the log")

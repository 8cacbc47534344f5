"""What a run of Tempest ends with; there is no cloud."""

import contextlib
import sys

import pytest

from tests.tempest import __main__ as tempest


@pytest.mark.parametrize(("codes", "ends"), [((0, 0), 0), ((0, 1), 1), ((0, -15), 1)])
def test_it_succeeds_only_if_each_part_does(monkeypatch, tmp_path, codes, ends):
    left, named = list(codes), ["identity", "image"]
    monkeypatch.setattr(sys, "argv", ["tempest", f"--output={tmp_path}", *named])
    monkeypatch.setattr(tempest.shutil, "which", lambda name: name)
    monkeypatch.setattr(tempest.guest, "image", lambda *_: None)
    for name in ("install", "configuration"):
        monkeypatch.setattr(tempest, name, lambda *_: None)
    for name in ("cloud", "workspace"):
        monkeypatch.setattr(tempest, name, lambda *_: contextlib.nullcontext())
    monkeypatch.setattr(tempest, "run", lambda program, place, tests: left.pop(0))
    assert tempest.main() == ends


def test_a_part_is_named_by_its_service_and_other_tests_by_a_regular_expression():
    assert list(tempest.asked(["image", "test_quotas"])) == [
        r"^tempest\.api\.image\.", "test_quotas"]

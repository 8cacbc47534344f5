"""Fixtures of the unit tests."""

import hypothesis
import pytest

from tests.unit.cli import CommandLine

# A busy machine is not a defect.
hypothesis.settings.register_profile("kolla", deadline=None)
hypothesis.settings.load_profile("kolla")


@pytest.fixture
def kolla(tmp_path, monkeypatch):
    """The command line with a plugin of two sets and two containers, and no engine."""
    command_line = CommandLine(tmp_path)
    monkeypatch.syspath_prepend(command_line.plugins)
    return command_line

"""Fixtures of the unit tests."""

import sys

import hypothesis
import pytest

from tests.unit.support.cli import PLUGIN_NAME, CommandLine

from kolla.catalog import discovery

# A busy machine is not a defect.
hypothesis.settings.register_profile("kolla", deadline=None)
hypothesis.settings.load_profile("kolla")


@pytest.fixture
def kolla(tmp_path, monkeypatch):
    """The command line with a plugin of two sets and two containers, and no engine."""
    command_line = CommandLine(tmp_path)
    monkeypatch.syspath_prepend(command_line.plugins)
    yield command_line
    sys.modules.pop(PLUGIN_NAME, None)


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A folder on the path, and a function that installs a distribution into it."""
    monkeypatch.syspath_prepend(tmp_path)

    def install(name: str, entry_points: str, **modules: str) -> None:
        metadata = tmp_path / f"{name.replace('-', '_')}-1.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
        (metadata / "entry_points.txt").write_text(entry_points)
        for module, text in modules.items():
            (tmp_path / f"{module}.py").write_text(text)
        discovery._scan.cache_clear()

    yield install
    discovery._scan.cache_clear()

"""What a task is given besides what its generation is."""

import os
from pathlib import Path

import pytest

from kolla.backends.instances import Instances
from kolla.plans.desired import build
from kolla.plugin.backend import ImageFacts
from kolla_plugins.openstack import schema_phases, schema_task
from tests.unit.support.plugins import make_container, make_settings

IMAGE = ImageFacts("sha256:" + "a" * 64, "kolla/web:2026.1", {})
WEB = make_container(
    user=os.getuid(), bootstrap=(schema_task("bootstrap"),), **schema_phases()
)


class Site:
    """A host and its configuration."""

    def __init__(self, folder: Path):
        self.folder = folder

    def configure(self, text: str) -> None:
        self.settings = make_settings(self.folder, text, WEB)
        self.spec = build(WEB, self.settings, IMAGE, "2026.1", "29.1.0")

    def task(self, phase: str):
        instances = Instances(self.folder, self.settings)
        (task,) = self.spec.tasks[phase]
        return instances.task(self.spec, 3, task, phase, "2026.1")


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


def test_how_long_a_task_waits_is_told_each_time_and_no_part_of_a_generation(site):
    specs = []
    for seconds in ("5", "900"):
        site.configure(f"[engine]\nlock_timeout = {seconds}\n")
        specs.append(site.spec)
        assert site.task("bootstrap").environment["KOLLA_LOCK_TIMEOUT"] == seconds
    assert specs[0] == specs[1]


@pytest.mark.parametrize("phase", ["bootstrap", "dump"])
def test_a_task_that_may_dump_is_told_where_and_how_many_are_kept(site, phase):
    site.configure("[engine]\nkeep_generations = 3\n")
    task = site.task(phase)
    assert (str(site.folder / "dumps" / "web"), "/var/lib/kolla/dumps", "rw") in task.binds
    assert task.environment["KOLLA_CONTAINER"] == "web"
    assert task.environment["KOLLA_DUMPS_KEPT"] == "3"


@pytest.mark.parametrize("phase, text", [
    ("expand", ""), ("contract", ""), ("bootstrap", "[engine]\ndump_before_upgrade = false\n"),
])
def test_no_other_task_sees_dumps_and_none_where_they_are_turned_off(site, phase, text):
    site.configure(text)
    assert "KOLLA_DUMPS_KEPT" not in site.task(phase).environment
    assert not (site.folder / "dumps").exists()

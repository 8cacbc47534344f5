"""The monitor warns, once, of what comes near a limit."""

import collections
import threading

import pytest

from kolla.backends.docker import answers
from kolla.monitor.usage import MIB
from kolla.plugin.reports import STARVED, Unreachable, Usage
from tests.unit.support.monitored import Site

LIMITS = {"memory": 100 * MIB, "pids": 100}
Disk = collections.namedtuple("Disk", ("total", "used", "free"))


class Used(Site):
    """A container that uses as much as a test wants."""

    def __init__(self, folder):
        super().__init__(folder, "web")
        self.now: Usage | Exception | None = None
        self.asked = 0
        self.disk = Disk(100, 10, 90)
        self.run("web", limits=LIMITS)
        self.engine.usage = self._usage
        self.context.disk = lambda: self.disk
        self.watcher._read_records()
        self.watched = self.context.watched["web"]

    def _usage(self, name: str):
        assert name == "web-g1"
        self.asked += 1
        if isinstance(self.now, Exception):
            raise self.now
        return self.now

    def look(self, memory: int = 0, pids: int = 0) -> None:
        self.now, self.watched.usage = Usage(memory * MIB, pids), None
        self.watcher._usage.look()
        self.until(lambda: self.watched.usage is not None)


@pytest.fixture
def site(tmp_path, caplog):
    made = Used(tmp_path)
    caplog.clear()
    return made


def warnings(caplog) -> list[str]:
    return [each.message for each in caplog.records if each.name == "kolla.monitor.usage"]


def test_nothing_is_said_of_what_is_far_from_its_limit(site, caplog):
    site.look(memory=89, pids=89)
    assert warnings(caplog) == []


def test_what_comes_near_is_told_once_and_again_after_it_was_far(site, caplog):
    for memory, pids in ((90, 0), (95, 95), (85, 95), (92, 0), (79, 0), (90, 0)):
        site.look(memory, pids)
    assert warnings(caplog) == [
        "web uses 90 of 100 MiB of memory: [limits] memory",
        "web has 95 of the 100 processes and threads it may have: [limits] pids",
        "web uses 90 of 100 MiB of memory: [limits] memory",
    ]


def test_a_disk_that_is_nearly_full_is_told(site, caplog):
    site.disk = Disk(100 * MIB, 90 * MIB, 5 * MIB)
    site.look()
    site.look()
    (said,) = warnings(caplog)
    assert f"the disk of {site.deployment.state_dir} has 90 of 95 MiB in use" in said


def test_what_it_uses_is_served(site):
    site.look(memory=10, pids=3)
    condition = site.context.conditions()["web"]
    assert (condition.usage, condition.limits) == (Usage(10 * MIB, 3), LIMITS)


def test_a_process_that_was_killed_for_its_memory_is_told_once_in_a_while(site, caplog):
    for _ in range(3):  # the engine tells of one kill several times
        site.watcher._engine._happened("web", STARVED)
    said = [each.message for each in caplog.records if "memory" in each.message]
    assert said == ["web: a process of it was killed for its use of memory"]


@pytest.mark.parametrize("answer", [None, Unreachable("gone")])
def test_what_is_not_known_is_no_news(site, caplog, answer):
    site.now = answer
    site.watcher._usage.look()
    site.until(lambda: site.asked)
    assert site.watched.usage is None and warnings(caplog) == []


@pytest.mark.parametrize("cache", ["total_inactive_file", "inactive_file"])
def test_memory_that_can_be_dropped_at_once_is_not_in_use(cache):
    stats = {"memory_stats": {"usage": 100, "stats": {cache: 30}}, "pids_stats": {"current": 7}}
    assert answers.usage(stats) == Usage(memory=70, pids=7)


def test_of_what_does_not_run_nothing_is_known():
    assert answers.usage({"memory_stats": {}, "pids_stats": {}}) is None


def test_an_engine_that_is_slow_to_measure_shows_at_once_what_died_and_is_asked_once(site):
    asked, answer = threading.Event(), threading.Event()

    def slowly(name: str) -> Usage:
        asked.set()
        site.asked += 1
        assert answer.wait(30)
        return Usage(0, 0)

    site.engine.usage = slowly
    for _ in range(5):  # more than there are threads that look
        site.watcher._usage.look()
    assert asked.wait(30)
    looked = threading.Event()
    site.context.loop.background(site.context.looking, lambda: None, lambda found: looked.set())
    site.until(looked.is_set)
    answer.set()
    site.until(lambda: site.watched.usage is not None)
    assert site.asked == 1

"""What the monitor takes over from the record when it begins to watch a generation."""

import dataclasses
import datetime
import time

import pytest
from tests.unit.support.factory import make_generation, make_spec
from tests.unit.support.plugins import make_settings

from kolla.health.rules import Rules, check_of, rules_for
from kolla.monitor.memory import Memory
from kolla.monitor.watched import Watched, recall
from kolla.store.records import Record
from kolla.times import ago, up_for

RULES = Rules(
    interval=10, timeout=5, retries=3, grace=60, retry_pause=5, restarts_per_hour=5, backoff=10,
    backoff_max=600,
)


def watched(probation: float = 600, committed: float = 60, **changes) -> Watched:
    generation = make_generation(2, "current", **changes)
    generation = type(generation)(**{**vars(generation), "committed": ago(committed)})
    return Watched(
        Record("web", current=2), generation, make_spec(), RULES, Memory(2, 0), probation
    )


def test_what_was_healthy_a_moment_ago_is_not_starting():
    memory = recall(Record("web", health="healthy", health_at=ago(20)), 2, RULES, now=1000)
    assert (memory.status, memory.awake) == ("healthy", True)
    assert memory.passed == pytest.approx(980, abs=1)


@pytest.mark.parametrize("health, seconds", [
    ("healthy", RULES.patience + 1), ("unhealthy", 1), ("unknown", 1),
])
def test_what_was_not_found_well_lately_is_starting_until_its_check_passes(health, seconds):
    memory = recall(Record("web", health=health, health_at=ago(seconds)), 2, RULES, now=1000)
    assert (memory.status, memory.awake, memory.passed) == ("starting", False, None)


def test_failures_and_restarts_of_the_last_hour_are_remembered():
    record = Record("web", failed=ago(5), restarts=(ago(100), ago(10)))
    memory = recall(record, 2, RULES, now=1000)
    assert memory.given_up
    assert memory.restarts == pytest.approx([900, 990], abs=1)


@pytest.mark.parametrize("expected, changes", [
    (True, {}), (False, {"committed": 601}), (False, {"probation": 0}),
    (False, {"confirmed": "2026-01-01T00:00:00+00:00"}),
    (False, {"cause": "rollback; to 1"}),
])
def test_a_generation_is_on_probation_until_it_has_proved_itself(expected, changes):
    made = watched(**changes)
    assert made.on_probation is made.condition().probation is expected


@pytest.mark.parametrize("started, at_least, at_most", [
    (10, 10, 15), (-3600, 0, 0), (10**9, 0, 10**9 - 1),
], ids=["just now", "in the future", "before the boot"])
def test_a_clock_that_jumped_makes_no_container_older_than_the_boot(started, at_least, at_most):
    assert at_least <= up_for(ago(started)) <= at_most
    assert up_for(ago(started)) <= time.clock_gettime(time.CLOCK_BOOTTIME) + 1


def test_a_host_says_how_patient_everybody_is_with_its_containers(tmp_path):
    spec = make_spec()
    assert check_of(spec, make_settings(tmp_path)) == spec.check
    settings = make_settings(tmp_path, "[monitor]\ntimeout = web:20\ngrace = web:99\n")
    assert check_of(spec, settings) == dataclasses.replace(spec.check, timeout=20, grace=99)
    rules = rules_for(spec, settings)
    assert (rules.interval, rules.timeout, rules.retries, rules.grace) == (30, 20, 3, 99)


def test_times_are_utc():
    assert datetime.datetime.fromisoformat(ago(0)).utcoffset() == datetime.timedelta(0)

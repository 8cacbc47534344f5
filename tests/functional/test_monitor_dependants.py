"""A dead database is one restart: the services that require it are not restarted."""

import os

import pytest

from tests.functional.support.monitoring import (
    CONFIGURATION, healthy, monitoring, quick, set_mood, start_crowd, starts,
)
from tests.functional.support.watching import until

MEMBERS = int(os.environ.get("KOLLA_TEST_CROWD", "10"))
DATABASE = "crowd-database"


@pytest.fixture
def crowd(fresh_deployment, synthetic_images):
    """Services that require one database, and a monitor that watches all of them."""
    fresh_deployment.configure(CONFIGURATION, "20-monitor")
    names = start_crowd(fresh_deployment, MEMBERS)
    with monitoring(fresh_deployment) as monitor:
        healthy(fresh_deployment)
        yield fresh_deployment, monitor, names


def told(monitor, name: str) -> list[str]:
    """What the monitor has said of one."""
    lines = [line.removeprefix("kolla: ") for line in monitor.said]
    return [line for line in lines if line.startswith((f"{name} ", f"{name}:"))]


@pytest.mark.exhaustive
def test_a_database_that_is_down_for_long_restarts_none_of_those_that_require_it(crowd):
    deployment, monitor, names = crowd
    set_mood(deployment, DATABASE, "sick")
    monitor.says(f"{DATABASE} has failed: feels sick; restarted 5 times", seconds=180)
    until(lambda: all(row["health"] == ("failed" if row["container"] == DATABASE else "degraded")
                      for row in quick(deployment)))
    set_mood(deployment, DATABASE, "")
    healthy(deployment)
    monitor.says(f"{DATABASE}: has recovered by itself")
    for name in names:
        down, again = told(monitor, name)
        assert down.startswith(f"{name} is degraded: it requires {DATABASE}, which is ")
        assert down.endswith("; the database does not answer") and again == f"{name} is healthy"
        assert starts(deployment, name) == 1
    assert starts(deployment, DATABASE) == 6


def test_a_database_that_an_operator_stops_degrades_those_that_require_it(crowd):
    deployment, monitor, names = crowd
    deployment.kolla("container", "stop", DATABASE)
    set_mood(deployment, DATABASE, "sick")
    for name in names:
        monitor.says(f"{name} is degraded: it requires {DATABASE}, which is stopped")
    set_mood(deployment, DATABASE, "")
    deployment.kolla("container", "start", DATABASE)
    healthy(deployment)
    assert [starts(deployment, name) for name in names] == [1] * MEMBERS

"""Metrics tell what is, and counts that alerts can compare."""

import pathlib
import re
import types

import pytest
from prometheus_client import generate_latest
from tests.unit.support.view import View

from kolla import x509
from kolla.catalog import discovery
from kolla.monitor.expiry import CERTIFICATE, Expiry
from kolla.monitor.metrics import Metrics
from kolla.plugin.reports import Usage


@pytest.fixture
def view():
    return View(worker="unhealthy")


@pytest.fixture
def metrics(view):
    return Metrics(view)


def values(metrics, name: str) -> dict[tuple, float]:
    """By the values of its labels."""
    return {
        tuple(sample.labels.values()): sample.value
        for family in metrics.registry.collect() for sample in family.samples
        if sample.name == name
    }


def test_each_container_is_one_thing_at_a_time(metrics, view):
    view.set("worker", "failed")
    found = values(metrics, "kolla_container_status")
    assert len(found) == 3 * 10 and sum(found.values()) == 3
    assert found["worker", "front", "failed"] == found["database", "cloud", "healthy"] == 1
    assert found["worker", "front", "unhealthy"] == 0


def test_the_health_of_sets_is_told(metrics):
    found = values(metrics, "kolla_set_status")
    assert found["front", "degraded"] == 1 and sum(found.values()) == 2


def test_generation_age_and_probation_are_told(metrics, view):
    view.set("web", "healthy", generation=7, committed="2026-01-01T00:00:01+00:00", probation=True)
    assert values(metrics, "kolla_container_generation")["web",] == 7
    committed = values(metrics, "kolla_container_committed_timestamp_seconds")
    assert committed["web",] == 1767225601
    probation = values(metrics, "kolla_container_probation")
    assert (probation["web",], probation["database",]) == (1, 0)


def test_what_a_container_runs_is_told(metrics, view):
    runs = {"release": "2026.1", "version": "29.1.0", "image": "kolla/web:2026.1"}
    view.set("web", "healthy", runs=runs)
    assert values(metrics, "kolla_container_info") == {
        ("web", "2026.1", "29.1.0", "kolla/web:2026.1"): 1
    }


def test_the_version_of_kolla_is_told(metrics):
    assert values(metrics, "kolla_build_info") == {(discovery.version(),): 1}


def test_the_age_of_an_images_packages_can_be_told(metrics, view):
    view.set("web", "healthy", packages="2026-01-01T00:00:01+00:00")
    found = values(metrics, "kolla_container_packages_timestamp_seconds")
    assert found == {("web",): 1767225601}


def test_what_is_not_known_is_left_out(metrics, view):
    view.set("web", "absent", generation=None)
    assert set(values(metrics, "kolla_container_generation")) == {("database",), ("worker",)}


def test_checks_are_counted_and_their_time_taken(metrics):
    metrics.checked("web", 0.02, False)
    metrics.checked("web", 3, True)
    assert values(metrics, "kolla_container_check_failures_total")["web",] == 1
    assert values(metrics, "kolla_container_check_duration_seconds_count")["web",] == 2
    buckets = values(metrics, "kolla_container_check_duration_seconds_bucket")
    assert (buckets["web", "0.05"], buckets["web", "1.0"], buckets["web", "5.0"]) == (1, 1, 2)


def test_restarts_and_changes_begin_with_zero(metrics):
    assert values(metrics, "kolla_container_restarts_total")["web", "monitor"] == 0
    assert values(metrics, "kolla_container_changes_total")["web", "upgraded", "failed"] == 0
    metrics.restarted("web", "monitor")
    metrics.changed("upgraded", "web", "failed", 12.5)
    assert values(metrics, "kolla_container_restarts_total")["web", "monitor"] == 1
    assert values(metrics, "kolla_container_changes_total")["web", "upgraded", "failed"] == 1
    assert values(metrics, "kolla_change_duration_seconds_sum")["upgraded",] == 12.5


def test_usage_and_limits_are_told_as_far_as_they_are_known(metrics, view):
    view.set("web", "healthy", usage=Usage(memory=5, pids=3), limits={"memory": 10})
    assert values(metrics, "kolla_container_memory_bytes") == {("web",): 5}
    assert values(metrics, "kolla_container_memory_limit_bytes") == {("web",): 10}
    assert values(metrics, "kolla_container_processes") == {("web",): 3}
    assert values(metrics, "kolla_container_processes_limit") == {}


def test_the_disk_of_the_state_is_told(metrics, view):
    view.disk = lambda: types.SimpleNamespace(used=60, free=30)
    assert values(metrics, "kolla_state_disk_free_bytes") == {(): 30}
    assert values(metrics, "kolla_state_disk_size_bytes") == {(): 90}


def test_the_monitor_tells_what_it_uses_itself(metrics):
    assert values(metrics, "process_cpu_seconds_total")


def test_every_metric_of_the_alert_rules_is_there(metrics, view, tmp_path):
    certificate = tmp_path / CERTIFICATE
    certificate.parent.mkdir(parents=True)
    certificate.write_bytes(x509.new_authority("web").certificate_pem())
    metrics.registry.register(Expiry(view.conditions, lambda name, number: tmp_path))
    view.set("web", "healthy", usage=Usage(1, 1), limits={"memory": 2, "pids": 2},
             packages="2026-01-01T00:00:01+00:00")
    view.disk = lambda: types.SimpleNamespace(used=1, free=1)
    metrics.checked("web", 1, False)
    served = generate_latest(metrics.registry).decode()
    rules = (pathlib.Path(__file__).parents[3] / "etc/prometheus/kolla.rules.yaml").read_text()
    expressions = re.findall(r"expr:((?:.|\n +)*)", rules)
    named = set(re.findall(r"\bkolla_\w+", " ".join(expressions)))
    assert named and not [name for name in named if not re.search(rf"\n{name}[{{ ]", served)]


def test_pins_are_told_with_their_day(metrics, view):
    assert values(metrics, "kolla_container_pinned_timestamp_seconds") == {}
    view.set("web", "healthy", pin="2026.1", pinned="2026-01-01T00:00:00+00:00")
    assert values(metrics, "kolla_container_pinned_timestamp_seconds") == {
        ("web", "2026.1"): 1767225600.0}


def test_a_configuration_that_is_not_in_force_is_told(metrics, view):
    assert values(metrics, "kolla_configuration_valid") == {(): 1}
    view.wrong = ["kolla.conf:7"]
    assert values(metrics, "kolla_configuration_valid") == {(): 0}

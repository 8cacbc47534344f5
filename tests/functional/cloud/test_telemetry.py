"""Telemetry, from its first start to its removal: measures arrive, and alarms are told."""

import contextlib
import datetime
import http.server
import itertools
import json
import queue
import threading
from collections.abc import Iterator

import pytest
from keystoneauth1.adapter import Adapter

from tests.functional.support.cloud import Cloud
from tests.functional.support.database import query
from tests.functional.support.images import TELEMETRY
from tests.functional.support.watching import asking, until

pytestmark = pytest.mark.exhaustive

GNOCCHI = ("gnocchi-api", "gnocchi-metricd")
CEILOMETER = ("ceilometer-notification", "ceilometer-central")
AODH = ("aodh-api", "aodh-evaluator", "aodh-listener", "aodh-notifier")
BEFORE, AFTER = "2026.1", "2026.2"
#: Seconds in which a measure is aggregated, or an alarm told, on a busy host.
ARRIVES = 240
#: Nobody waits for a minute between two looks.
IMPATIENT = """\
[gnocchi-metricd/metricd]
metric_processing_delay = 1
[aodh-evaluator/evaluator]
evaluation_interval = 2
"""
MORNING = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


@contextlib.contextmanager
def started(cloud: Cloud, name: str, enabled: tuple[str, ...], more: str) -> Iterator[None]:
    """The cloud, with further containers that were started from nothing, until it is deleted."""
    deployment, passwords = cloud.deployment, cloud.passwords.read_text()
    deployment.configure(f"[host]\nenabled = all, {', '.join(enabled)}\n{more}", name)
    deployment.kolla("config", "passwords")
    new = [each for each in enabled if not cloud.running(each)]
    rows = deployment.kolla("container", "start", *new, "-f", "json", timeout=900).json()
    assert {row["outcome"] for row in rows} == {"done"}
    yield
    deployment.kolla("container", "delete", *new, "--data", "--yes", expect=None, timeout=900)
    (deployment.config_dir / "kolla.conf.d" / f"{name}.conf").unlink()
    cloud.passwords.write_text(passwords)


@pytest.fixture(scope="module")
def gnocchi(cloud, builder) -> Iterator[Cloud]:
    builder.only("gnocchi", release=BEFORE)
    with started(cloud, "30-gnocchi", GNOCCHI, IMPATIENT):
        yield cloud


@pytest.fixture(scope="module")
def telemetry(gnocchi, builder) -> Iterator[Cloud]:
    """The same with Ceilometer and Aodh; Glance tells of what it does."""
    builder.only(*TELEMETRY, release=BEFORE)
    upgrade = ("container", "upgrade", "glance-api")
    with started(gnocchi, "40-telemetry", (*GNOCCHI, *CEILOMETER, *AODH),
                 "[messaging]\nnotifications = true\n"):
        gnocchi.deployment.kolla(*upgrade, timeout=600)
        yield gnocchi
    gnocchi.deployment.kolla(*upgrade, timeout=600)


class Measures:
    """Gnocchi, as a user who is logged in uses it."""

    def __init__(self, session):
        self._api = Adapter(session, service_type="metric", interface="public", raise_exc=False)

    def metric(self) -> str:
        answer = self._api.post("/v1/metric", json={"archive_policy_name": "low"})
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    def post(self, metric: str, *values: float, second: int = 0) -> None:
        """One value a second, from that one of the morning on."""
        at = [MORNING + datetime.timedelta(seconds=second + each) for each in range(len(values))]
        measures = [{"timestamp": when.isoformat(), "value": value}
                    for when, value in zip(at, values, strict=True)]
        answer = self._api.post(f"/v1/metric/{metric}/measures", json=measures)
        assert answer.status_code == 202, answer.text

    def aggregates(self, place: str, how: str) -> list[float]:
        """The values of five minutes each; none while there is no such metric."""
        answer = self._api.get(f"/v1/{place}/measures?aggregation={how}&granularity=300")
        assert answer.status_code in (200, 404), answer.text
        return [value for _, _, value in answer.json()] if answer.ok else []


@pytest.fixture
def measures(gnocchi) -> Iterator[Measures]:
    with gnocchi.connect() as connection:
        yield Measures(connection.session)


@contextlib.contextmanager
def listening(address: str) -> Iterator[tuple[str, queue.Queue]]:
    """A URL, and what is posted to it."""
    posted: queue.Queue = queue.Queue()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            posted.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer((address, 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://{address}:{server.server_port}/", posted
        server.shutdown()


def test_a_measure_that_is_posted_comes_back_aggregated(gnocchi, measures):
    metric = measures.metric()
    measures.post(metric, 10, 20, 60)
    until(lambda: measures.aggregates(f"metric/{metric}", "mean") == [30], ARRIVES)
    assert measures.aggregates(f"metric/{metric}", "max") == [60]
    assert gnocchi.deployment.kolla("container", "check", *GNOCCHI).exit_code == 0


def test_gnocchi_logs_no_secret(gnocchi):
    """Of its own it would log all of its options."""
    logs = "".join(gnocchi.deployment.kolla("container", "logs", name, "--tail", "2000").stdout
                   for name in GNOCCHI)
    assert "Gnocchi version" in logs
    assert [name for name, value in gnocchi.secrets().items() if value in logs] == []


def test_no_measure_is_lost_while_gnocchi_is_upgraded_and_rolled_back(gnocchi, builder, measures):
    builder.only("gnocchi", release=AFTER)
    metric, seconds, kolla = measures.metric(), itertools.count(), gnocchi.deployment.kolla
    for command in (("upgrade", "--release", AFTER), ("rollback",)):
        verb, *words = command
        with asking(lambda: measures.post(metric, 1, second=next(seconds))) as clients:
            clients.wait_for(lambda: clients.given or clients.failures)
            rows = kolla("container", verb, *GNOCCHI, *words, "-f", "json", timeout=600).json()
        assert {row["outcome"] for row in rows} == {"done"}
        assert clients.failures == []
        posted = next(seconds)
        measures.post(metric, 1, second=posted)
        until(lambda: sum(measures.aggregates(f"metric/{metric}", "count")) == posted + 1, ARRIVES)


def test_an_image_is_measured_and_an_alarm_on_it_is_told(telemetry, measures):
    with telemetry.connect() as connection, listening(telemetry.deployment.address) as heard:
        image = connection.create_image(
            "measured", data=b"x" * 4096, disk_format="raw", container_format="bare", wait=True)
        place = f"resource/image/{image.id}/metric/image.size"
        until(lambda: measures.aggregates(place, "mean") == [4096], ARRIVES)
        url, posted = heard
        aodh = Adapter(connection.session, service_type="alarming", interface="public")
        aodh.post("/v2/alarms", json={
            "name": "large", "type": "gnocchi_resources_threshold", "alarm_actions": [url],
            "repeat_actions": True,
            "gnocchi_resources_threshold_rule": {
                "metric": "image.size", "resource_id": image.id, "resource_type": "image",
                "aggregation_method": "mean", "granularity": 300, "evaluation_periods": 1,
                "threshold": 1000, "comparison_operator": "gt",
            },
        })
        told = posted.get(timeout=ARRIVES)
        connection.delete_image(image.id)
    assert told["alarm_name"] == "large" and told["current"] == "alarm"
    checked = telemetry.deployment.kolla("container", "check", *GNOCCHI, *CEILOMETER, *AODH)
    assert checked.exit_code == 0


def test_it_is_deleted_without_a_trace(telemetry):
    names = (*AODH, *CEILOMETER, *GNOCCHI)
    telemetry.deployment.kolla("container", "delete", *names, "--data", "--yes", timeout=900)
    assert {"aodh", "gnocchi"}.isdisjoint(query(telemetry, "SHOW DATABASES"))
    with telemetry.connect() as connection:
        identity = connection.identity
        assert {"metric", "alarming"}.isdisjoint(each.type for each in identity.services())
        users = {each.name for each in identity.users()}
    assert {"aodh", "ceilometer", "gnocchi"}.isdisjoint(users)

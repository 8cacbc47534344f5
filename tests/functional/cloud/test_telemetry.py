"""Telemetry, from its first start to its removal: measures arrive, and alarms are told."""

import contextlib
import http.server
import itertools
import json
import queue
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from keystoneauth1.adapter import Adapter

from tests.functional.support.cloud import Cloud, started
from tests.functional.support.database import query
from tests.functional.support.harness import run
from tests.functional.support.images import TELEMETRY
from tests.functional.support.telemetry import ARRIVES, IMPATIENT, Measures
from tests.functional.support.watching import asking, until

pytestmark = pytest.mark.service

GNOCCHI = ("gnocchi-api", "gnocchi-metricd")
CEILOMETER = ("ceilometer-notification", "ceilometer-central")
AODH = ("aodh-api", "aodh-evaluator", "aodh-listener", "aodh-notifier")
BEFORE, AFTER = "2026.1", "2026.2"


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
                 "[messaging]\nnotifications = true\n"
                 f"[aodh]\nallowed_hosts = {gnocchi.deployment.address}\n"):
        gnocchi.deployment.kolla(*upgrade, timeout=600)
        yield gnocchi
    gnocchi.deployment.kolla(*upgrade, timeout=600)


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


@pytest.fixture
def fill(gnocchi, tmp_path) -> Iterator[Callable[[bool], None]]:
    """The measures are on a disk of their own; fills it, or makes room on it again."""
    kolla, inside = gnocchi.deployment.kolla, gnocchi.deployment.engine.inside()
    volume, copy = gnocchi.deployment.volume("gnocchi"), tmp_path / "copy"

    def stopped(*commands: tuple) -> None:
        kolla("container", "stop", *GNOCCHI)
        for command in commands:
            run(*inside, *command)
        kolla("container", "start", *GNOCCHI, timeout=600)

    def change(full: bool) -> None:
        does = "cat /dev/zero > {0} || true" if full else "rm {0}"
        kolla("container", "exec", "gnocchi-metricd", "--", "bash", "-c",
              does.format("/var/lib/gnocchi/filling"))

    stopped(
        ("cp", "-a", volume, copy), ("mount", "-t", "tmpfs", "-o", "size=128m", "tmpfs", volume),
        ("cp", "-a", f"{copy}/.", volume),
    )
    yield change
    stopped(("umount", "--lazy", volume))


def test_a_full_disk_is_told_and_loses_no_measure_that_was_taken(gnocchi, measures, fill):
    metric, check = measures.metric(), ("container", "check", "gnocchi-metricd", "-f", "json")
    measures.post(metric, 10, 20)
    fill(True)
    (row,) = gnocchi.deployment.kolla(*check, expect=1).json()
    assert row["health"] == "degraded" and "is full: 0 MiB are free" in row["detail"]
    with pytest.raises(AssertionError):  # it does not say that it has taken them
        measures.post(metric, *itertools.repeat(1, 5000), second=2)
    fill(False)
    measures.post(metric, 60, second=2)
    until(lambda: measures.aggregates(f"metric/{metric}", "mean") == [30], ARRIVES)
    assert gnocchi.deployment.kolla(*check).exit_code == 0


class Alarms:
    """Images that are measured, and alarms on them, each of which posts to a URL."""

    def __init__(self, cloud: Cloud, measures: Measures, url: str, posted: queue.Queue):
        self.connection, self.measures = cloud.connect(), measures
        self.url, self.posted = url, posted
        self.api = Adapter(self.connection.session, service_type="alarming", interface="public")

    def measured_image(self) -> str:
        """The number of a new image whose size has arrived in Gnocchi."""
        image = self.connection.create_image(
            "measured", data=b"x" * 4096, disk_format="raw", container_format="bare", wait=True,
            allow_duplicates=True)
        place = f"resource/image/{image.id}/metric/image.size"
        until(lambda: self.measures.aggregates(place, "mean") == [4096], ARRIVES)
        return image.id

    def on_size(self, image: str) -> None:
        """An alarm that is told again and again."""
        self._make(image, "gnocchi_resources_threshold", {
            "metric": "image.size", "resource_id": image, "resource_type": "image",
            "aggregation_method": "mean", "granularity": 300, "evaluation_periods": 1,
            "threshold": 1000, "comparison_operator": "gt",
        }, repeat_actions=True)

    def on_deletion(self, image: str) -> None:
        self._make(image, "event", {
            "event_type": "image.delete",
            "query": [
                {"field": "traits.resource_id", "op": "eq", "type": "string", "value": image}],
        })

    def _make(self, image: str, kind: str, rule: dict, **more: bool) -> None:
        self.api.post("/v2/alarms", json={
            "name": image, "type": kind, "alarm_actions": [self.url], f"{kind}_rule": rule, **more,
        })

    def names(self) -> set[str]:
        return {alarm["name"] for alarm in self.api.get("/v2/alarms").json()}

    def delete(self) -> None:
        for alarm in self.api.get("/v2/alarms").json():
            self.api.delete(f"/v2/alarms/{alarm['alarm_id']}")

    def is_told(self, image: str) -> bool:
        """That of an image, from now on."""
        while not self.posted.empty():
            self.posted.get()
        deadline = time.monotonic() + ARRIVES
        while (told := self.posted.get(timeout=ARRIVES))["alarm_name"] != image:
            assert time.monotonic() < deadline
        return told["current"] == "alarm"


@pytest.fixture
def alarms(telemetry, measures) -> Iterator[Alarms]:
    with listening(telemetry.deployment.address) as (url, posted):
        alarms = Alarms(telemetry, measures, url, posted)
        yield alarms
        alarms.delete()
        alarms.connection.close()


def test_an_image_is_measured_and_an_alarm_on_it_is_told(telemetry, alarms):
    image = alarms.measured_image()
    alarms.on_size(image)
    assert alarms.is_told(image)
    names = (*GNOCCHI, *CEILOMETER, *AODH)
    assert telemetry.deployment.kolla("container", "check", *names).exit_code == 0


def test_an_alarm_on_an_event_is_told(alarms):
    image = alarms.measured_image()
    alarms.on_deletion(image)
    alarms.connection.delete_image(image)
    assert alarms.posted.get(timeout=ARRIVES)["alarm_name"] == image


def test_nobody_notices_that_telemetry_is_upgraded_and_rolled_back(
    telemetry, builder, measures, alarms
):
    """No measure is lost; alarms are told afterwards, and what is new is measured."""
    builder.only(*TELEMETRY, release=AFTER)
    metric, seconds, kolla = measures.metric(), itertools.count(), telemetry.deployment.kolla
    image = alarms.measured_image()
    alarms.on_size(image)
    names = (*GNOCCHI, *CEILOMETER, *AODH)
    for command in (("upgrade", "--release", AFTER), ("rollback",)):
        verb, *words = command
        with (
            asking(lambda: measures.post(metric, 1, second=next(seconds))) as clients,
            asking(alarms.names) as users,
        ):
            clients.wait_for(lambda: clients.given or clients.failures)
            rows = kolla("container", verb, *names, *words, "-f", "json", timeout=1200).json()
        assert {row["outcome"] for row in rows} == {"done"}
        assert clients.failures == [] and users.failures == []
        assert all(image in found for found in users.given)
        posted = next(seconds)
        measures.post(metric, 1, second=posted)
        until(lambda: sum(measures.aggregates(f"metric/{metric}", "count")) == posted + 1, ARRIVES)
        assert alarms.is_told(image)
        alarms.measured_image()


def queues(telemetry: Cloud) -> list[str]:
    """Those of what services tell, of events, and of alarms."""
    return [name for name in telemetry.lasting_queues()
            if name.startswith(("notifications.", "alarm"))]


def test_it_is_deleted_without_a_trace(telemetry):
    names = (*AODH, *CEILOMETER, *GNOCCHI)
    assert len(queues(telemetry)) > 1
    telemetry.deployment.kolla("container", "delete", *names, "--data", "--yes", timeout=900)
    assert {"aodh", "gnocchi"}.isdisjoint(query(telemetry, "SHOW DATABASES"))
    with telemetry.connect() as connection:
        identity = connection.identity
        assert {"metric", "alarming"}.isdisjoint(each.type for each in identity.services())
        users = {each.name for each in identity.users()}
    assert {"aodh", "ceilometer", "gnocchi"}.isdisjoint(users)
    assert queues(telemetry) == []

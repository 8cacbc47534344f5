"""Gnocchi as its users see it, and containers that a cloud has for a while."""

import contextlib
import datetime
from collections.abc import Iterator

from keystoneauth1.adapter import Adapter

from tests.functional.support.cloud import Cloud

#: Seconds in which a measure is aggregated, or an alarm told, on a busy host.
ARRIVES = 240
#: Nobody waits for a minute between two looks, or until a new alarm holds for events.
IMPATIENT = """\
[gnocchi-metricd/metricd]
metric_processing_delay = 1
[aodh-evaluator/evaluator]
evaluation_interval = 2
[aodh-listener/DEFAULT]
event_alarm_cache_ttl = 0
"""
MORNING = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


@contextlib.contextmanager
def started(
    cloud: Cloud, name: str, enabled: tuple[str, ...], more: str,
    beside: tuple[str, ...] = ("all",),
) -> Iterator[None]:
    """The cloud, with further containers started from nothing, until they are deleted.

    ``beside``: what it has enabled already.
    """
    deployment, passwords = cloud.deployment, cloud.passwords.read_text()
    deployment.configure(f"[host]\nenabled = {', '.join((*beside, *enabled))}\n{more}", name)
    deployment.kolla("config", "passwords")
    new = [each for each in enabled if not cloud.running(each)]
    rows = deployment.kolla("container", "start", *new, "-f", "json", timeout=900).json()
    assert {row["outcome"] for row in rows} == {"done"}
    yield
    deployment.kolla("container", "delete", *new, "--data", "--yes", expect=None, timeout=900)
    (deployment.config_dir / "kolla.conf.d" / f"{name}.conf").unlink()
    cloud.passwords.write_text(passwords)


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

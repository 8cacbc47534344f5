"""Gnocchi as its users see it."""

import datetime

from keystoneauth1.adapter import Adapter

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
        return list(self.over_time(place, how, 300).values())

    def over_time(self, place: str, how: str, seconds: int) -> dict[datetime.datetime, float]:
        """The values of so many seconds each, by their beginning."""
        answer = self._api.get(f"/v1/{place}/measures?aggregation={how}&granularity={seconds}")
        assert answer.status_code in (200, 404), answer.text
        found = answer.json() if answer.ok else ()
        return {datetime.datetime.fromisoformat(begin): value for begin, _, value in found}

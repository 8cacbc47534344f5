"""Metrics: the end of the certificates that containers have."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from kolla.health.conditions import Condition

#: The certificate of a server, below the folder of its generation.
CERTIFICATE = "files/etc/kolla/tls/server.crt"


class Expiry(Collector):
    """Reads the certificates whenever Prometheus asks.

    ``conditions`` returns the conditions of containers, ``home`` the folder of a generation.
    """

    def __init__(
        self, conditions: Callable[[], Mapping[str, Condition]], home: Callable[[str, int], Path]
    ):
        self._conditions, self._home = conditions, home

    def collect(self) -> Iterator[GaugeMetricFamily]:
        from kolla import x509
        from kolla.errors import KollaError

        family = GaugeMetricFamily(
            "kolla_container_certificate_expiry_timestamp_seconds",
            "When the certificate of its generation ends.", labels=["container"],
        )
        for name, each in self._conditions().items():
            path = self._home(name, each.generation or 0) / CERTIFICATE
            if path.exists():
                try:
                    ends = x509.load_certificate(path).not_valid_after_utc
                except KollaError:
                    continue  # unreadable: its clients will report it
                family.add_metric([name], ends.timestamp())
        yield family

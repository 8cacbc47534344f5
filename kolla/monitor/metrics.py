"""The metrics for Prometheus, named by its conventions."""

import datetime
from collections.abc import Callable, Iterator, Mapping

import prometheus_client
from prometheus_client import Counter, Histogram, Summary
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector, CollectorRegistry

from kolla.catalog import discovery
from kolla.health.conditions import STATUSES, Condition
from kolla.monitor.view import Disk, View
from kolla.plugin.spec import short_id

#: The values of the label ``by``: who restarted a container.
RESTARTERS = ("engine", "monitor")
#: Changes that alerts count. Their counters begin with 0, since Prometheus sees no increase
#: in a series that begins with 1.
CHANGES = (("upgraded", "done"), ("upgraded", "failed"), ("rolled back", "done"),
           ("rolled back", "failed"))

# These would double the series, and `process_start_time_seconds` has the same time.
prometheus_client.disable_created_metrics()


class Metrics:
    """The health of all containers and sets, and counters of events.

    The endpoint serves ``registry``.
    """

    def __init__(self, view: View):
        self.registry = CollectorRegistry(auto_describe=False)
        # First: it starts counters at 0, which those below then report.
        self.registry.register(_Conditions(view, self._begin))
        prometheus_client.ProcessCollector(registry=self.registry)
        self._checks = Histogram(
            "kolla_container_check_duration_seconds", "How long checks took.", ["container"],
            buckets=(0.05, 0.1, 0.5, 1, 5, 10), registry=self.registry,
        )
        self._failures = Counter(
            "kolla_container_check_failures", "Checks that did not pass.", ["container"],
            registry=self.registry,
        )
        self._restarts = Counter(
            "kolla_container_restarts", "Restarts of a container that should run.",
            ["container", "by"], registry=self.registry,
        )
        self._changes = Counter(
            "kolla_container_changes", "What was done to a container, and how it ended.",
            ["container", "kind", "outcome"], registry=self.registry,
        )
        self._change_seconds = Summary(
            "kolla_change_duration_seconds", "How long that took.", ["kind"],
            registry=self.registry,
        )

    def checked(self, container: str, seconds: float, failed: bool) -> None:
        """Count a check that ended."""
        self._checks.labels(container).observe(seconds)
        self._failures.labels(container).inc(1 if failed else 0)

    def restarted(self, container: str, by: str, times: int = 1) -> None:
        """Count restarts by the engine or the monitor."""
        self._restarts.labels(container, by).inc(times)

    def changed(self, kind: str, container: str, outcome: str, seconds: float) -> None:
        """Count a change; kind and outcome are those of :class:`kolla.plugin.Event`."""
        self._changes.labels(container, kind, outcome).inc()
        self._change_seconds.labels(kind).observe(seconds)

    def _begin(self, container: str) -> None:
        """Start the counters of a container at 0, if they do not exist."""
        self._failures.labels(container)
        for by in RESTARTERS:
            self._restarts.labels(container, by)
        for kind, outcome in CHANGES:
            self._changes.labels(container, kind, outcome)


class _Conditions(Collector):
    """Gauges that are computed whenever Prometheus asks."""

    def __init__(self, view: View, begin: Callable[[str], None]):
        self._view, self._begin = view, begin

    def collect(self) -> Iterator[GaugeMetricFamily]:
        conditions = self._view.conditions()
        for name in conditions:
            self._begin(name)
        yield _build()
        yield self._statuses(conditions)
        yield _infos(conditions)
        yield _gauge("generation", "The generation that counts.", conditions, _generation)
        yield _gauge(
            "committed_timestamp_seconds", "When its generation was committed.", conditions,
            lambda each: _timestamp(each.committed),
        )
        yield _gauge(
            "probation", "1 while its generation has yet to prove itself.", conditions,
            lambda each: each.probation,
        )
        yield _gauge(
            "check_timestamp_seconds", "When its check last ended.", conditions,
            lambda each: _timestamp(each.checked),
        )
        yield _pins(conditions)
        yield GaugeMetricFamily(
            "kolla_configuration_valid",
            "Whether today's configuration is in force (1), or the last valid one (0).",
            not self._view.flaws(),
        )
        yield from _usages(conditions)
        yield from _disk(self._view.disk())
        yield _gauge(
            "packages_timestamp_seconds", "When the Debian packages of its image were fetched.",
            conditions, lambda each: _timestamp(each.packages),
        )
        yield self._of_sets()

    def _statuses(self, conditions: Mapping[str, Condition]) -> GaugeMetricFamily:
        parents = {child: name for name, below in self._view.sets().items() for child in below}
        family = GaugeMetricFamily(
            "kolla_container_status", "Container status (1 for the current status, 0 otherwise).",
            labels=["container", "set", "status"],
        )
        for name, each in conditions.items():
            for status in STATUSES:
                labels = [name, parents.get(name, ""), status]
                family.add_metric(labels, status == each.status)
        return family

    def _of_sets(self) -> GaugeMetricFamily:
        family = GaugeMetricFamily(
            "kolla_set_status", "Set status (1 for the current status, 0 otherwise).",
            labels=["set", "status"],
        )
        for name in self._view.sets():
            is_now = self._view.status_of_set(name)
            for status in STATUSES:
                family.add_metric([name, status], status == is_now)
        return family


def _build() -> GaugeMetricFamily:
    family = GaugeMetricFamily("kolla_build_info", "The kolla that watches.", labels=["version"])
    family.add_metric([discovery.version()], 1)
    return family


def _infos(conditions: Mapping[str, Condition]) -> GaugeMetricFamily:
    """What each container runs, in labels: to join with the other series of a container."""
    labels = ["release", "version", "image"]
    family = GaugeMetricFamily(
        "kolla_container_info", "What the generation that counts runs.",
        labels=["container", *labels],
    )
    for name, each in conditions.items():
        if each.runs:
            family.add_metric([name, *(each.runs[label] for label in labels)], 1)
    return family


def _gauge(
    name: str, help: str, conditions: Mapping[str, Condition],
    value: Callable[[Condition], float | None],
) -> GaugeMetricFamily:
    """A gauge with a value for each container that has one."""
    family = GaugeMetricFamily(f"kolla_container_{name}", help, labels=["container"])
    for container, each in conditions.items():
        if (found := value(each)) is not None:
            family.add_metric([container], found)
    return family


def _pins(conditions: Mapping[str, Condition]) -> GaugeMetricFamily:
    """The pin of each container that keeps a release or an image."""
    family = GaugeMetricFamily(
        "kolla_container_pinned_timestamp_seconds",
        "When the container was pinned to a release or an image.", labels=["container", "pin"],
    )
    for name, each in conditions.items():
        if each.pin:
            family.add_metric([name, short_id(each.pin)], _timestamp(each.pinned) or 0)
    return family


def _usages(conditions: Mapping[str, Condition]) -> Iterator[GaugeMetricFamily]:
    """The resources that containers use, and their limits."""
    for name, used, limit, help in (
        ("memory", "memory_bytes", "memory_limit_bytes", "Memory that cannot be dropped at once"),
        ("pids", "processes", "processes_limit", "Processes and threads"),
    ):
        yield _gauge(
            used, f"{help}.", conditions, lambda each: getattr(each.usage, name, None)
        )
        yield _gauge(
            limit, f"{help}, at most.", conditions, lambda each: each.limits.get(name)
        )


def _disk(disk: Disk | None) -> Iterator[GaugeMetricFamily]:
    """The disk of the state directory."""
    if disk:
        yield GaugeMetricFamily(
            "kolla_state_disk_free_bytes", "Room on the disk of the state.", disk.free
        )
        yield GaugeMetricFamily(
            "kolla_state_disk_size_bytes", "The size of that disk.", disk.used + disk.free
        )


def _generation(each: Condition) -> int | None:
    return each.generation


def _timestamp(at: str | None) -> float | None:
    return None if at is None else datetime.datetime.fromisoformat(at).timestamp()

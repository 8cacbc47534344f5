"""What clients notice of twenty changes of the service they use, made in different ways."""

import contextlib
import dataclasses
import pathlib
import time
from collections.abc import Iterator

from tests.benchmarks import compose, lab, plot, variants
from tests.benchmarks.loading import Loading, wait_until_it_answers
from tests.benchmarks.report import Result, milliseconds, times
from tests.benchmarks.stats import Sample, Summary, between, median, summarise
from tests.benchmarks.ways import Compose, Kolla, KollaReleases, KollaThroughCompose, Recreate, Way
from tests.functional.support.harness import Deployment

RATE = 200
#: What is asked of each service.
URLS = {
    "glance-api": f"http://{lab.ADDRESS}:9292/versions",
    "keystone": f"http://{lab.ADDRESS}:5000/v3",
}
LATER_RELEASE = "2026.2"
#: Of a handover: p99 in proportion to the steady state's, the maximum beyond it in seconds.
P99_BAR, MAX_BAR = 3, 0.1
COLUMNS = (
    "service", "way", "each takes", "requests", "failed", "gap", "p50", "p99", "p99.9", "max",
    "steady p50", "p99", "max", "p99 ratio", "own lag",
)


@dataclasses.dataclass(frozen=True)
class Asked:
    """What is asked, how often a second, and whose token those have who ask.

    Beside the open loop, keep-alive clients ask, each so often a second as ``pace`` says.
    """

    url: str
    rate: float
    token: str = ""
    clients: int = 4
    pace: float = 10

    def loading(self, output: pathlib.Path) -> Loading:
        return Loading(self.url, self.rate, output, self.token, self.clients, self.pace)


@dataclasses.dataclass
class Measured:
    """One way, with one service. Times are those of the monotonic clock."""

    service: str
    way: str
    samples: list[Sample]
    #: When the steady state was measured.
    steady: tuple[float, float]
    #: When each change began and when the service answered again.
    changes: list[tuple[float, float]]

    @property
    def at_rest(self) -> Summary:
        return summarise(between(self.samples, *self.steady))

    @property
    def during(self) -> Summary:
        """From the first change to a second after the last."""
        begin, end = self.changes[0][0], self.changes[-1][1] + 1
        return summarise(between(self.samples, begin, end))


def run(quick: bool) -> Result:
    changes, steady = (4, 10) if quick else (20, 30)
    found = []
    with lab.running_engine() as engine, lab.deployment(engine) as deployment:
        _prepare(deployment)
        with contextlib.suppress(KeyboardInterrupt):  # what was measured by then is reported
            for way, service in _ways(deployment):
                url = Asked(URLS[service], RATE)
                found.append(measure(deployment, way, service, url, changes, steady))
    bars = {}
    for one in found:
        if one.way.startswith("handover"):
            bars |= handover_bars(one)
    services = {one.service for one in found}
    return Result(
        "upgrade",
        f"{changes} changes of a service in a row, at {RATE} requests a second on new "
        "connections and 4 keep-alive clients",
        COLUMNS,
        [row(one) for one in found],
        {f"{one.service}, {one.way}": data(one) for one in found},
        bars,
        ["Latencies count from the time a request was to leave; own lag: how late the load"
         " generator was with 1 of 100.", f"Rivals: {compose.version()}" if compose.command()
         else "docker-compose is not installed (apt-get install docker-compose)"],
        {service: plot.drawing([one for one in found if one.service == service])
         for service in sorted(services)},
    )


def _prepare(deployment: lab.Deployment) -> None:
    lab.build_images(deployment, "mariadb", *URLS)
    lab.build_images(deployment, *URLS, "--release", LATER_RELEASE)
    deployment.install("kolla_variants", variants.ENTRY_POINTS)
    deployment.configure("[host]\nenabled = mariadb, keystone, glance-api\n", "70-enabled")
    deployment.kolla("set", "start")


def _ways(deployment: lab.Deployment) -> Iterator[tuple[Way, str]]:
    """They are begun one after the other, with nothing else on the service's port."""
    for service in URLS:
        yield Kolla("handover", deployment, service), service
        if compose.command():
            yield KollaThroughCompose("handover, compose", deployment, service), service
        yield KollaReleases("handover, releases", deployment, service, LATER_RELEASE), service
        variant = f"{service}-replaced"
        enabled = {"mariadb", *URLS, variant} - {service}
        deployment.configure(f"[host]\nenabled = {', '.join(sorted(enabled))}\n", "90-variants")
        yield Kolla("replace", deployment, variant), service
        if compose.command():
            yield Compose(deployment, variant), service
        yield Recreate(deployment, variant), service
        deployment.configure("", "80-change")
        deployment.configure("", "90-variants")
        deployment.kolla("container", "start", service)


def measure(
    deployment: Deployment, way: Way, service: str, asked: Asked, changes: int, steady: float
) -> Measured:
    marks = []
    way.begin()
    wait_until_it_answers(asked.url, asked.token)
    with asked.loading(deployment.directory / "samples").running() as load:
        time.sleep(3)
        began = time.monotonic()
        time.sleep(steady)
        ended = time.monotonic()
        for number in range(1, changes + 1):
            begin = time.monotonic()
            way.change(number)
            wait_until_it_answers(asked.url, asked.token)
            marks.append((begin, time.monotonic()))
            time.sleep(1)
    way.end()
    return Measured(service, way.name, load.samples, (began, ended), marks)


def handover_bars(one: Measured) -> dict[str, bool]:
    rest, during = one.at_rest, one.during
    what = f"{one.service}, {one.way}: "
    return {
        f"{what}no request failed": during.failed == 0,
        f"{what}p99 at most {P99_BAR} times the steady state's": during.p99 <= P99_BAR * rest.p99,
        f"{what}max at most {milliseconds(MAX_BAR)} above": during.max <= rest.max + MAX_BAR,
    }


def row(one: Measured) -> list[str]:
    rest, during = one.at_rest, one.during
    latencies = (during.gap, during.p50, during.p99, during.p999, during.max,
                 rest.p50, rest.p99, rest.max)
    return [
        one.service, one.way,
        f"{median([end - begin for begin, end in one.changes]):.1f} s",
        f"{during.requests:,}", f"{during.failed:,}", *map(milliseconds, latencies),
        times(during.p99 / rest.p99), milliseconds(max(rest.lag, during.lag)),
    ]


def data(one: Measured) -> dict:
    errors = sorted({sample.error for sample in one.samples if sample.error})
    return {
        "steady": dataclasses.asdict(one.at_rest),
        "during": dataclasses.asdict(one.during),
        "changes": [end - begin for begin, end in one.changes],
        "errors": {text: sum(s.error == text for s in one.samples) for text in errors},
    }

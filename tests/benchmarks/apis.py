"""What clients notice of the APIs of a cloud in their own upgrade, and in that of everything."""

import contextlib
import pathlib
import tempfile
import time
from collections.abc import Iterator

from tests.benchmarks import lab
from tests.benchmarks.report import Result
from tests.benchmarks.upgrade import COLUMNS, Asked, Measured, data, handover_bars, measure, row
from tests.benchmarks.ways import Kolla
from tests.functional.support.cloud import Cloud
from tests.functional.support.images import COMPUTE
from tests.functional.support.server import whole

LATER_RELEASE = "2026.2"
#: Requests a second: of one API, and of each of them at once.
RATE, RATE_OF_ALL = 20, 4
#: What is asked; all but the metadata service validate a token and read their database.
PATHS = {
    "keystone": (5000, "/v3/auth/projects"),
    "glance-api": (9292, "/v2/images"),
    "placement-api": (8778, "/resource_providers"),
    "nova-api": (8774, "/v2.1/flavors"),
    "metadata-service": (8775, "/"),
    "neutron-api": (9696, "/v2.0/networks"),
}


class InPlace(Kolla):
    """An upgrade to a changed configuration and a rollback, in turn; the service stays."""

    def end(self) -> None:
        self.deployment.configure("", "80-change")
        self.deployment.kolla("container", "upgrade", self.container)


def run(quick: bool) -> Result:
    changes, steady = (2, 10) if quick else (10, 30)
    found: list[Measured] = []
    with lab.running_engine() as engine, tempfile.TemporaryDirectory() as folder:
        with lab.deployment(engine) as builder:
            for release in ((), ("--release", LATER_RELEASE)):
                lab.build_images(builder, *release)
                lab.build_images(builder, "nova", "placement-api", *COMPUTE, *release)
        with whole(engine, pathlib.Path(folder), lab.ADDRESS) as cloud:
            cloud.deployment.kolla("set", "start", timeout=1800)
            with cloud.connect() as connection:
                token = connection.auth_token
            with contextlib.suppress(KeyboardInterrupt):  # what was measured by then is reported
                for name, url in _urls().items():
                    way = InPlace("its own", cloud.deployment, name)
                    asked = Asked(url, RATE, token)
                    found.append(measure(cloud.deployment, way, name, asked, changes, steady))
                found += _all(cloud, token, steady)
    bars: dict[str, bool] = {}
    for one in found:
        bars |= {f"{one.service}, {one.way}: no request failed": one.during.failed == 0}
        if one.way == "its own":
            bars |= handover_bars(one)
    return Result(
        "apis",
        f"{changes} changes of each API in a row, at {RATE} requests a second on new connections"
        f" and 4 keep-alive clients; then everything goes to {LATER_RELEASE} and back, at"
        f" {RATE_OF_ALL} of each API",
        COLUMNS, [row(one) for one in found],
        {f"{one.service}, {one.way}": data(one) for one in found}, bars,
        ["Latencies count from the time a request was to leave."],
    )


def _urls() -> dict[str, str]:
    return {name: f"http://{lab.ADDRESS}:{port}{path}" for name, (port, path) in PATHS.items()}


def _all(cloud: Cloud, token: str, steady: float) -> Iterator[Measured]:
    """All APIs are asked while everything goes to the later release, and back."""
    host, marks = cloud.deployment, {}
    with contextlib.ExitStack() as stack:
        loads = {
            name: stack.enter_context(
                Asked(url, RATE_OF_ALL, token).loading(host.directory / f"of-{name}").running()
            )
            for name, url in _urls().items()
        }
        began = time.monotonic()
        time.sleep(steady)
        ended = time.monotonic()
        for way, *command in (
            (f"to {LATER_RELEASE}", "upgrade", "all", "--release", LATER_RELEASE),
            ("back", "rollback", "all"),
        ):
            begin = time.monotonic()
            host.kolla("set", *command, timeout=3600)
            marks[way] = begin, time.monotonic()
            time.sleep(2)
    for way, mark in marks.items():
        for name, load in loads.items():
            yield Measured(name, f"everything {way}", load.samples, (began, ended), [mark])

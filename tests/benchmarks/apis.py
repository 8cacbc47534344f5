"""What clients notice of the APIs of a cloud in their own upgrade, and in that of everything."""

import contextlib
import pathlib
import tempfile
import time
from collections.abc import Iterator

from tests.benchmarks import lab
from tests.benchmarks.report import Result, noted
from tests.benchmarks.upgrade import COLUMNS, Asked, Measured, data, handover_bars, measure, row
from tests.benchmarks.ways import Kolla
from tests.functional.support.cloud import Cloud
from tests.functional.support.images import COMPUTE
from tests.functional.support.server import whole

LATER_RELEASE = "2026.2"
#: Requests a second on new connections: of one API, and of each of them at once. Nearly each is
#: the work of two APIs, because Keystone validates its token.
RATE, RATE_OF_ALL = 10, 2
#: Keep-alive clients: of one API, and of each of them at once; and requests a second of each.
CLIENTS, CLIENTS_OF_ALL, PACE = 4, 1, 1
#: What is asked; all but the metadata service validate a token and read their database.
PATHS = {
    "keystone": (5000, "/v3/auth/projects"),
    "glance-api": (9292, "/v2/images"),
    "placement-api": (8778, "/resource_providers"),
    "nova-api": (8774, "/v2.1/flavors"),
    "metadata-service": (8775, "/"),
    "neutron-api": (9696, "/v2.0/networks"),
}
#: What is done to everything, by what it is called.
WAYS = {
    f"to {LATER_RELEASE}": ("upgrade", "all", "--release", LATER_RELEASE),
    "back": ("rollback", "all"),
}


class InPlace(Kolla):
    """An upgrade to a changed configuration and a rollback, in turn; the service stays."""

    def end(self) -> None:
        self.deployment.configure("", "80-change")
        self.deployment.kolla("container", "upgrade", self.container)


def run(quick: bool) -> Result:
    changes, steady = (2, 10) if quick else (10, 30)
    found: list[Measured] = []
    failed: list[str] = []
    with lab.running_engine() as engine, tempfile.TemporaryDirectory() as folder:
        with lab.deployment(engine) as builder:
            for release in ((), ("--release", LATER_RELEASE)):
                lab.build_images(builder, *release)
                lab.build_images(builder, "nova", "placement-api", *COMPUTE, *release)
        with whole(engine, pathlib.Path(folder), lab.ADDRESS) as cloud:
            cloud.deployment.kolla("set", "start", timeout=1800)
            with contextlib.suppress(KeyboardInterrupt):  # what was measured by then is reported
                for name, url in _urls().items():
                    way = InPlace("its own", cloud.deployment, name)
                    asked = Asked(url, RATE, _token(cloud), CLIENTS, PACE)
                    with noted(failed, f"changes of {name}"):
                        found.append(measure(cloud.deployment, way, name, asked, changes, steady))
                for name in WAYS:
                    with noted(failed, f"everything {name}"):
                        found += _all(cloud, name, steady)
    bars = {"each command succeeds": not failed}
    for one in found:
        if one.way == "its own":
            bars |= handover_bars(one)
        bars[f"{one.service}, {one.way}: no request failed"] = (
            one.during.requests > 0 and one.during.failed == 0
        )
    return Result(
        "apis",
        f"{changes} changes of each API in a row, at {RATE} requests a second on new connections"
        f" and {CLIENTS} keep-alive clients; then everything goes to {LATER_RELEASE} and back, at"
        f" {RATE_OF_ALL} of each API and {CLIENTS_OF_ALL} such client",
        COLUMNS, [row(one) for one in found],
        {f"{one.service}, {one.way}": data(one) for one in found}, bars,
        ["Latencies count from the time a request was to leave.",
         *(f"failed: {what}" for what in failed)],
    )


def _urls() -> dict[str, str]:
    return {name: f"http://{lab.ADDRESS}:{port}{path}" for name, (port, path) in PATHS.items()}


def _token(cloud: Cloud) -> str:
    """A new one, of the administrator: it is valid for an hour, which all of this takes longer."""
    with cloud.connect() as connection:
        return connection.auth_token


def _all(cloud: Cloud, name: str, steady: float) -> Iterator[Measured]:
    """All APIs are asked at rest, and while everything goes one way."""
    host, token = cloud.deployment, _token(cloud)
    with contextlib.ExitStack() as stack:
        loads = {}
        for service, url in _urls().items():
            asked = Asked(url, RATE_OF_ALL, token, CLIENTS_OF_ALL, PACE)
            load = asked.loading(host.directory / f"of-{service}")
            loads[service] = stack.enter_context(load.running())
        time.sleep(3)
        began = time.monotonic()
        time.sleep(steady)
        begin = time.monotonic()
        host.kolla("set", *WAYS[name], timeout=1500)
        end = time.monotonic()
        time.sleep(2)
    for service, load in loads.items():
        way = f"everything {name}"
        yield Measured(service, way, load.samples, (began, begin), [(begin, end)])

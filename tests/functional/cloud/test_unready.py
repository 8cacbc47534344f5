"""Keystone: a generation takes no request before its check has passed, a refused one never."""

import contextlib
import dataclasses
from collections.abc import Iterator

import pytest

from tests.benchmarks.loading import Loading
from tests.functional.support.cloud import KEYSTONE, Cloud
from tests.functional.support.harness import derive
from tests.functional.support.watching import until

pytestmark = pytest.mark.exhaustive

NAME = "keystone"
#: Seconds that the late one takes to load, and those that are too few for it.
LATE, HASTY = 20, 6
#: Seconds that the slow one takes to load.
SLOW = 60
#: It records who asks it.
NOTES = "/var/lib/keystone/asked"
APPLICATION = f"""
import os
import time

time.sleep({{seconds}})
if not {{broken}}:
    from keystone.wsgi.api import application as keystone


def application(environment, start):
    with open("{NOTES}", "a") as notes:
        who = environment.get("HTTP_USER_AGENT", "somebody")
        print(os.environ["KOLLA_GENERATION"], time.time(), who.split("/")[0], file=notes)
    if {{broken}}:
        start("500 Internal Server Error", [("Content-Length", "0")])
        return []
    return keystone(environment, start)
"""


@dataclasses.dataclass(frozen=True)
class Request:
    """One that a generation was asked."""

    generation: int
    time: float
    who: str


@pytest.fixture(scope="module")
def images_of(cloud, engine):
    """Images of the release that runs: one answers 500 to everything, two are slow to load."""
    release = cloud.current(NAME)["release"]
    yield {
        "broken": made(engine, release, "broken", seconds=0, broken=True),
        "late": made(engine, release, "late", seconds=LATE, broken=False),
        "slow": made(engine, release, "slow", seconds=SLOW, broken=False),
    }
    inside(cloud, "rm", "-f", NOTES)


def made(engine, release: str, flaw: str, **text) -> str:
    return derive(
        engine, f"kolla/keystone:{release}", f"kolla-test/keystone-{flaw}",
        "ENV PYTHONPATH=/usr/local/bin KOLLA_WSGI=unready:application",
        **{"unready.py": APPLICATION.format(**text)},
    )


def inside(cloud: Cloud, *command: str, expect: int | None = 0) -> str:
    return cloud.deployment.kolla("container", "exec", NAME, "--", *command, expect=expect).stdout


def asked(cloud: Cloud, number: int) -> list[Request]:
    """What a generation was asked, from the first time on."""
    found = []
    for line in inside(cloud, "cat", NOTES, expect=None).splitlines():
        generation, time, who = line.split(" ", 2)
        if int(generation) == number:
            found.append(Request(number, float(time), who))
    return sorted(found, key=lambda request: request.time)


@contextlib.contextmanager
def in_use(cloud: Cloud, folder) -> Iterator[None]:
    """Requests leave on time while the block runs, and all of them are answered."""
    load = Loading(f"http://{cloud.deployment.address}:{KEYSTONE}/v3", 20, folder / "samples")
    with load.running():
        yield
    assert [sample.error for sample in load.samples if sample.error] == []
    assert len(load.samples) > 100
    slowest = max(sample.latency for sample in load.samples)
    print(f"{len(load.samples)} requests, the slowest took {slowest * 1000:.0f} ms")


def upgrade(cloud: Cloud, image: str, grace: int, expect: int) -> dict:
    done = cloud.deployment.kolla(
        "--set", f"monitor.grace={NAME}:{grace}", "container", "upgrade", NAME,
        "--image", image, "-f", "json", expect=expect,
    )
    (row,) = done.json()
    return row


#: Seconds that it has, and what its check says. The broken one has time to load on a busy machine.
REFUSED = {
    "broken": (20, "the app answers 500 Internal Server Error"),
    "late": (HASTY, "the app does not answer within 8 seconds"),
}


@pytest.mark.parametrize("flaw", REFUSED)
def test_refused_generation_was_asked_nothing_but_its_check(cloud, images_of, tmp_path, flaw):
    grace, complaint = REFUSED[flaw]
    number = cloud.current(NAME)["generation"]
    with in_use(cloud, tmp_path):
        row = upgrade(cloud, images_of[flaw], grace=grace, expect=1)
    assert (row["outcome"], row["before"], row["after"]) == ("failed", number, number)
    assert f"its check did not pass within {grace} s" in row["reason"]
    *_, refused = cloud.history(NAME)
    shown = cloud.deployment.kolla(
        "container", "show", NAME, "--generation", str(refused["generation"]), "-f", "json"
    ).json()
    assert refused["state"] == "refused" and complaint in shown["evidence"]
    assert {request.who for request in asked(cloud, refused["generation"])} <= {"kolla-check"}
    assert cloud.running(NAME) == [f"{NAME}-g{number}"]


def test_generation_that_takes_long_to_load_is_waited_for(cloud, images_of, tmp_path):
    release = cloud.current(NAME)["release"]
    with in_use(cloud, tmp_path):
        row = upgrade(cloud, images_of["slow"], grace=4 * SLOW, expect=0)
        assert row["outcome"] == "done" and row["unavailable"] == 0
        assert row["seconds"] > SLOW
        new = until(lambda: [
            request for request in asked(cloud, row["after"]) if request.who == "kolla-load"
        ])
    checks = [request for request in asked(cloud, row["after"]) if request.who == "kolla-check"]
    assert checks[0].time < new[0].time
    cloud.deployment.kolla("container", "upgrade", NAME, "--release", release)
    assert cloud.current(NAME)["generation"] == row["after"] + 1

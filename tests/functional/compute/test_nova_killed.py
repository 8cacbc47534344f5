"""Nova's conductor, API and hypervisor, killed on the way to another release and back.

Each writes its version into the database when it starts, and would not start where a later one is
written: so what serves afterwards must report, too. The points are those of the synthetic service
(see ../test_crash.py). A seeded chance chooses one before the later release starts, one before the
commit and one after it; recovery is killed as well. ``KOLLA_TEST_CRASH=all`` chooses all.
"""

import os
import random
import urllib.request
from collections.abc import Iterator

import pytest

from tests.functional.compute.conftest import AFTER, BEFORE
from tests.functional.compute.test_nova import NOVA, VERSIONS, that_ends
from tests.functional.support.calls import calling
from tests.functional.support.cloud import Cloud
from tests.functional.support.crash_points import Point, cuts
from tests.functional.support.database import query
from tests.functional.support.killed import Service
from tests.functional.support.server import well
from tests.functional.support.watching import until

pytestmark = pytest.mark.service

#: What each follows, in the order in which they are upgraded.
FOLLOWS = {
    "nova-conductor": (),
    "nova-api": ("nova-conductor", "nova-scheduler"),
    "nova-compute": ("nova-conductor", "nova-scheduler", "nova-api"),
}
#: What Nova calls them.
BINARIES = {"nova-api": "nova-osapi_compute"}
#: A command that recovers comes by about so many points.
RECOVERY = 40
#: Seconds; each reports every ten.
REPORTS = 60


class OfNova(Service):
    """One of the three; users of Nova's API notice nothing of it."""

    def __init__(self, cloud: Cloud, name: str):
        with cloud.connect() as connection:
            token = connection.auth_token
        flavors = urllib.request.Request(
            f"http://{cloud.deployment.address}:{NOVA}/v2.1/flavors",
            headers={"X-Auth-Token": token},
        )

        def ask() -> None:
            with urllib.request.urlopen(flavors, timeout=60) as answer:
                answer.read()

        super().__init__(cloud, name, ask)

    @property
    def is_called(self) -> bool:
        """Over the broker; the API is not."""
        return self.name != "nova-api"

    def assert_answers(self) -> None:
        """It takes calls; the API is asked all the time."""
        if self.is_called:
            topic = self.name.removeprefix("nova-")
            with calling(self.cloud, f"{topic}.{self.cloud.deployment.name}") as calls:
                until(lambda: calls.answers)

    def assert_reports(self, going_back: bool = False) -> None:
        """It has the version of its release, and who reports from time to time goes on to.

        Once it was ``going_back``, the earlier version may stay until it is started again.
        """
        binary = BINARIES.get(self.name, self.name)
        written = query(
            self.cloud,
            f"SELECT version FROM nova.services WHERE `binary` = '{binary}' AND NOT deleted",
        )
        assert written in [[VERSIONS[self.release]], *[[VERSIONS[BEFORE]]] * going_back]
        if self.is_called:
            last = self.report().updated_at
            until(lambda: self.report().updated_at > last, REPORTS)
            assert self.report().state == "up"

    def report(self):
        with self.cloud.connect() as connection:
            (found,) = connection.compute.services(binary=self.name)
        return found

    def killed_on_the_way_to(self, release: str, point: Point, chance: random.Random) -> bool:
        """There, and then while it recovers; serves and reports afterwards."""
        print(f"{self.name} to {release}, killed at {point}", flush=True)
        earlier = f"{self.name}-g{self.cloud.current(self.name)['generation']}"

        def answers() -> None:
            """An earlier generation that is still there works on, before anything recovers."""
            if earlier in self.cloud.running(self.name):
                self.assert_answers()

        caught = self.killed(*self.way_to(release), trap=point, then=answers)
        self.killed("recover", trap=chance.randrange(RECOVERY), then=self.recover)
        self.assert_answers()
        self.assert_reports(going_back=release == BEFORE)
        self.assert_consistent()
        return caught


def chosen(points: list[Point], chance: random.Random) -> list[Point]:
    """Of each part of a command one: before the next one starts, until the commit, after it."""
    if os.environ.get("KOLLA_TEST_CRASH") == "all":
        return points
    steps = [point.where.rpartition("/")[2] for point in points]
    started, committed = steps.index("start"), steps.index("commit")
    parts = points[:started], points[started:committed], points[committed:]
    return [chance.choice(part) for part in parts]


@pytest.fixture
def service(cloud, request) -> Iterator[OfNova]:
    """It is of the earlier release, before and after; what it follows is of the later one."""
    name, leaders = request.param, FOLLOWS[request.param]
    if leaders:
        cloud.deployment.kolla(
            "container", "upgrade", *leaders, "--release", AFTER, timeout=900
        )
    found = OfNova(cloud, name)
    yield found
    found.go_to(BEFORE)
    if leaders:
        cloud.deployment.kolla("container", "rollback", *leaders, timeout=900)


@pytest.mark.parametrize("service", FOLLOWS, indirect=True)
def test_wherever_it_is_killed_one_release_serves_and_reports(service):
    chance = random.Random(service.name)
    killed = 0
    for start, release in ((BEFORE, AFTER), (AFTER, BEFORE)):
        service.go_to(start)
        for point in chosen(cuts(service.go_to(release)), chance):
            service.go_to(start)
            killed += service.killed_on_the_way_to(release, point, chance)
    assert killed


@pytest.mark.parametrize("service", ["nova-api"], indirect=True)
def test_an_api_that_was_restarted_beside_a_later_one_serves_when_that_is_taken_back(service):
    points = service.go_to(AFTER)
    trap = next(point for point in points if point.where == "upgrade/commit")
    service.go_to(BEFORE)
    (earlier,) = service.cloud.running("nova-api")
    assert service.tool.run(*service.way_to(AFTER), trap=trap).caught
    with service.cloud.deployment.engine.client() as client:
        client.containers.get(earlier).restart(timeout=120)
        until(lambda: client.api.inspect_container(earlier)["RestartCount"])
    service.recover()
    well(service.cloud.deployment, ["nova-api"])
    service.question()
    assert service.release == BEFORE
    service.assert_reports()
    service.assert_consistent()


@pytest.mark.parametrize("service", ["nova-compute"], indirect=True)
def test_a_hypervisor_that_has_nothing_to_do_ends_at_once(service):
    """It says so if it has waited in vain for what never ends."""
    service.go_to(AFTER)
    (earlier,) = service.cloud.running("nova-compute")
    service.go_to(BEFORE)
    with service.cloud.deployment.engine.client() as client:
        log = client.containers.get(earlier).logs()
    assert b"graceful shutdown finished" in log
    assert b"graceful shutdown did not complete" not in log


@pytest.mark.parametrize("service", ["nova-compute"], indirect=True)
def test_a_hypervisor_that_fails_leaves_the_earlier_release_serving_and_reporting(
    service, engine
):
    image = that_ends(engine, f"kolla/nova-compute:{AFTER}", "kolla-check-worker")
    before = service.cloud.current("nova-compute")["generation"]
    service.cloud.deployment.kolla(
        "container", "upgrade", "nova-compute", "--image", image, expect=1, timeout=900
    )
    assert service.cloud.current("nova-compute")["generation"] == before
    service.assert_answers()
    service.assert_reports()

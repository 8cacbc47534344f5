"""Keystone and Glance, killed on the way to another release and back.

The points are those of the synthetic service (see ../test_crash.py): found out by letting
each command run once to its end. Some are chosen by a seeded chance; without ``--all`` one of
Keystone's upgrade and one of Glance's rollback.
"""

import random
from collections.abc import Callable

import pytest

from tests.functional.support.cloud import Cloud
from tests.functional.support.crash import Tool
from tests.functional.support.crash_points import Point, cuts
from tests.functional.support.watching import asking, untouched

pytestmark = pytest.mark.exhaustive

OLD, NEW = "2026.1", "2026.2"
#: Points of each command.
SAMPLES = 3


class Service:
    """One of the two, on its way."""

    def __init__(self, cloud: Cloud, name: str, question: Callable):
        self.cloud, self.name, self.question = cloud, name, question
        self.tool = Tool(cloud.deployment)

    @property
    def release(self) -> str:
        return self.cloud.current(self.name)["release"]

    def way_to(self, release: str) -> tuple[str, ...]:
        """The command that leads there."""
        if release == NEW:
            return ("container", "upgrade", self.name, "--release", NEW)
        earlier = [row["generation"] for row in self.cloud.history(self.name)
                   if row["rollback"] and row["release"] == OLD]
        return ("container", "rollback", self.name, "--to", str(earlier[-1]))

    def go_to(self, release: str) -> list[Point]:
        """The points it comes by."""
        if self.release == release:
            return []
        ended = self.tool.run(*self.way_to(release))
        assert ended.exit_code == 0, ended.output
        return ended.points

    def killed_on_the_way_to(self, release: str, point: Point) -> bool:
        """Kill it there and recover, while its users are at work; False if it never came there."""
        child = self.tool.begin(*self.way_to(release), trap=point)
        with asking(self.question) as users:
            ended = child.wait()
            self.cloud.deployment.kolla("recover")
        assert users.failures == []
        return ended.caught


@pytest.fixture
def service(cloud, request):
    """It serves the old release, before and after."""
    def images() -> list[str]:
        with cloud.connect() as connection:
            return [image.name for image in connection.image.images()]

    service = Service(cloud, request.param, cloud.use if request.param == "keystone" else images)
    service.go_to(OLD)
    yield service
    service.go_to(OLD)


@pytest.mark.parametrize("service, release", [
    pytest.param("keystone", NEW, id="keystone-upgrade"),
    pytest.param("glance-api", OLD, id="glance-api-rollback"),
    pytest.param("keystone", OLD, id="keystone-rollback"),
    pytest.param("glance-api", NEW, id="glance-api-upgrade"),
], indirect=["service"])
def test_wherever_it_is_killed_one_release_serves_and_no_user_notices(
    service, release
):
    chance = random.Random(f"{service.name} to {release}")
    start = OLD if release == NEW else NEW
    service.go_to(start)
    killed = 0
    for point in chance.sample(cuts(service.go_to(release)), SAMPLES):
        print(f"{service.name} to {release}, killed at {point}")
        service.go_to(start)
        killed += service.killed_on_the_way_to(release, point)
        assert_consistent(service.cloud, service.name)
    assert killed


@pytest.mark.parametrize("step, call", [("stop", "stop"), ("check", "inspect")])
def test_requests_that_wait_go_on_when_the_command_is_killed(cloud, step, call):
    """At the latest after a minute."""
    trap = Point(f"restart/{step}", "before", f"DockerBackend.{call}", 1)
    with asking(cloud.use) as users:
        ended = Tool(cloud.deployment).run("container", "restart", "mariadb", trap=trap)
        assert ended.caught, ended.points
        answered = len(users.given)
        users.wait_for(lambda: len(users.given) > answered + 3, seconds=90)
    assert users.failures == []


def assert_consistent(cloud: Cloud, name: str) -> None:
    """One generation counts and runs, and nothing is left to do."""
    current = [row for row in cloud.history(name) if row["state"] == "current"]
    assert len(current) == 1
    assert cloud.running(name) == [f"{name}-g{current[0]['generation']}"]
    assert "begun" not in {row["outcome"] for row in events(cloud, name)}
    with untouched(cloud.deployment):
        rows = cloud.deployment.kolla("recover", "-f", "json").json()
    assert {row["outcome"] for row in rows} == {"unchanged"}


def events(cloud: Cloud, name: str) -> list[dict]:
    return cloud.deployment.kolla("event", "list", "--container", name, "-f", "json").json()

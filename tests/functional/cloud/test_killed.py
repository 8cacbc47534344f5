"""Keystone and Glance, killed on the way to another release and back.

The points are those of the synthetic service (see ../test_crash.py): found out by letting
each command run once to its end. Some are chosen by a seeded chance; without ``--all`` one of
Keystone's upgrade and one of Glance's rollback.
"""

import random

import pytest

from tests.functional.support.crash import Tool
from tests.functional.support.crash_points import Point, cuts
from tests.functional.support.killed import NEW, OLD, Service
from tests.functional.support.watching import asking

pytestmark = pytest.mark.exhaustive

#: Points of each command.
SAMPLES = 3


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
        way = service.way_to(release)
        killed += service.killed(*way, trap=point, then=service.recover)
        service.assert_consistent()
    assert killed


def test_an_api_that_is_stopped_while_it_starts_ends_by_itself(cloud):
    """What else would end it, after two minutes, is SIGKILL."""
    trap = Point("restart/check", "before", "DockerBackend.execute", 1)
    before = cloud.running("keystone")
    assert Tool(cloud.deployment).run("container", "restart", "keystone", trap=trap).caught
    (begun,) = set(cloud.running("keystone")) - set(before)
    with cloud.deployment.engine.client() as client:
        container = client.containers.get(begun)
        container.stop(timeout=100)
        container.reload()
        assert container.attrs["State"]["ExitCode"] == 0
    cloud.deployment.kolla("recover")
    assert cloud.running("keystone") == before


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

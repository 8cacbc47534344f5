"""What controls Nova, and Placement: up from nothing, upgraded and back while it is asked.

A virtual machine runs meanwhile, below a hypervisor of the earlier release.
"""

import contextlib
import urllib.request
from collections.abc import Iterator

import pytest

from tests.functional.compute.conftest import AFTER, BEFORE
from tests.functional.support.cloud import Cloud
from tests.functional.support.database import query
from tests.functional.support.engine import Engine
from tests.functional.support.harness import derive
from tests.functional.support.watching import Answers, asking, get, until

NOVA, PLACEMENT = 8774, 8778
WORKERS = ("nova-conductor", "nova-scheduler")
UP = dict.fromkeys((*WORKERS, "nova-compute"), "up")
CONTROL = (*WORKERS, "nova-api", "metadata-service", "nova-novncproxy")
SERVICES = {"keystone", "glance", "neutron", "nova", "placement"}
#: What services of these releases write into the database.
VERSIONS = {BEFORE: "72", AFTER: "74"}
#: What is there when a service works, by the check that it has.
JOINED = {"kolla-check-worker": "/var/lib/kolla/generation/joined", "kolla-check": "/"}
#: Of a service that works, and then does not: its container ends with its first good check.
ENDS = """\
#!/bin/sh
if [ -e {joined} ]; then {check}-as-it-was "$@" && kill 1; exit 1; fi
exec {check}-as-it-was "$@"
"""


def services(cloud: Cloud) -> dict[str, str]:
    """Of the services that report to the database: up or down."""
    with cloud.connect() as connection:
        return {service.binary: service.state for service in connection.compute.services()}


def versions(cloud: Cloud) -> set[str]:
    """What is written of the services that ask for it before they start."""
    return set(query(
        cloud, "SELECT version FROM nova.services WHERE `binary` != 'nova-compute'"
    ))


def that_ends(engine: Engine, image: str, check: str) -> str:
    """An image on that one, of a service that ends as soon as this check of it has passed."""
    name = image.rpartition("/")[2].partition(":")[0]
    return derive(
        engine, image, f"kolla-test/{name}-{check}-ends",
        "USER 0", f"RUN mv /usr/local/bin/{check} /usr/local/bin/{check}-as-it-was"
        f" && mv /usr/local/bin/{check}-that-ends /usr/local/bin/{check}", "USER 42436",
        **{f"{check}-that-ends": ENDS.format(joined=JOINED[check], check=check)},
    )


@contextlib.contextmanager
def in_use(cloud: Cloud) -> Iterator[list[Answers]]:
    """Users ask both APIs while the block runs, and notice nothing."""
    address = cloud.deployment.address
    with cloud.connect() as connection:
        token = connection.auth_token

    def ask(port: int, path: str) -> None:
        question = urllib.request.Request(
            f"http://{address}:{port}{path}", headers={"X-Auth-Token": token}
        )
        with urllib.request.urlopen(question, timeout=60) as answer:
            answer.read()

    with (
        asking(lambda: ask(NOVA, "/v2.1/flavors"), pause=0.2) as users,
        asking(lambda: ask(PLACEMENT, "/resource_providers"), pause=0.2) as schedulers,
    ):
        yield [users, schedulers]
    for answers in (users, schedulers):
        assert answers.failures == [] and answers.given


def test_it_comes_up_from_nothing(cloud):
    until(lambda: services(cloud) == UP)
    with cloud.connect() as connection:
        names = {service.name for service in connection.identity.services()}
    assert names == SERVICES
    assert "noVNC" in get(cloud.deployment.address, 6080, "/vnc_lite.html")
    assert get(cloud.deployment.address, 8775)
    cells = query(cloud, "SELECT name, database_connection FROM nova_api.cell_mappings")
    assert [cell.split()[0] for cell in cells] == ["cell0", "cell1"]
    assert cloud.secrets()["nova.database_password"] not in " ".join(cells)


def test_a_broker_that_is_away_is_not_the_fault_of_those_who_are_called_over_it(cloud):
    kolla = cloud.deployment.kolla

    def health() -> dict[str, tuple[str, str]]:
        rows = kolla("container", "check", *WORKERS, "-f", "json", expect=None).json()
        return {row["health"] for row in rows}

    assert health() == {"healthy"}
    kolla("container", "stop", "rabbitmq")
    assert health() == {"degraded"}
    kolla("container", "start", "rabbitmq")
    until(lambda: health() == {"healthy"}, 90)


@pytest.mark.parametrize(("name", "check"), (
    ("nova-conductor", "kolla-check-worker"),
    pytest.param("nova-api", "kolla-check", marks=pytest.mark.service),
))
def test_an_upgrade_that_fails_leaves_the_earlier_release_serving(cloud, engine, name, check):
    """Even though the later one has started, and has told the database its version."""
    image = that_ends(engine, f"kolla/nova:{AFTER}", check)
    before = cloud.current(name)
    with in_use(cloud):
        kolla = cloud.deployment.kolla
        kolla("container", "upgrade", name, "--image", image, expect=1, timeout=600)
        assert cloud.current(name)["generation"] == before["generation"]
        assert versions(cloud) == {VERSIONS[BEFORE]}
        until(lambda: services(cloud)["nova-conductor"] == "up")
        kolla("container", "restart", name, timeout=600)


def test_an_upgrade_and_the_way_back_cost_no_request(cloud):
    kolla = cloud.deployment.kolla
    with in_use(cloud):
        kolla("container", "upgrade", *CONTROL, "placement-api", "--release", AFTER, timeout=900)
        assert versions(cloud) == {VERSIONS[AFTER]}
        until(lambda: services(cloud) == UP)
        refused = kolla("container", "rollback", "nova-conductor", expect=None)
        assert refused.exit_code and "follows it" in refused.stderr
        kolla("container", "rollback", *CONTROL, "placement-api", timeout=900)
        assert versions(cloud) == {VERSIONS[BEFORE]}
        until(lambda: services(cloud) == UP)

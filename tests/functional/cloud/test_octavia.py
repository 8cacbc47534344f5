"""Octavia without virtual machines: what controls load balancers, from first start to removal.

What makes an amphora, and plugs it, does as if: all else is real, the authority that signs its
certificate included.
"""

import contextlib
import uuid
from collections.abc import Iterator

import pytest

from tests.functional.support.balancers import CONTAINERS, Balancers
from tests.functional.support.cloud import Cloud, started
from tests.functional.support.database import query
from tests.functional.support.watching import asking, get, until

pytestmark = pytest.mark.service

BEFORE, AFTER = "2026.1", "2026.2"
PORT = 9876
WITHOUT_AMPHORAE = """\
[octavia/controller_worker]
amphora_driver = amphora_noop_driver
compute_driver = compute_noop_driver
network_driver = network_noop_driver
image_driver = image_noop_driver
volume_driver = volume_noop_driver
"""
#: The first child of the service, which is the child of the first process.
KILL_LISTENER = """
child() {
    for file in /proc/[0-9]*/stat; do
        read -r number _ _ parent _ < "$file" && [[ $parent == "$1" ]] && echo "$number"
    done 2> /dev/null | sort -n | head -n 1
}
kill -KILL "$(child "$(child 1)")"
"""
#: Any will do.
SUBNET = str(uuid.uuid4())


@pytest.fixture(scope="module")
def octavia(cloud, builder) -> Iterator[Cloud]:
    """The cloud, with an Octavia that was started from nothing."""
    for release in (BEFORE, AFTER):
        builder.only("octavia", "octavia-amphora", release=release)
    with started(cloud, "30-octavia", CONTAINERS, WITHOUT_AMPHORAE):
        yield cloud


@pytest.fixture
def balancers(octavia) -> Iterator[Balancers]:
    with octavia.connect() as connection:
        yield Balancers(connection)


@contextlib.contextmanager
def made_on(octavia: Cloud) -> Iterator[None]:
    """Load balancers are begun one after the other while the block runs; all become active."""
    begun: list[str] = []
    with octavia.connect() as connection:
        balancers = Balancers(connection)
        with asking(lambda: begun.append(balancers.begin(SUBNET)), pause=1) as answers:
            answers.wait_for(lambda: len(begun) > 1 or answers.failures)
            yield
        assert answers.failures == []
        for balancer in begun:
            balancers.ready(balancer)
        balancers.delete(*begun)
    print(f"{len(begun)} load balancers begun, none left unfinished")


@contextlib.contextmanager
def unnoticed(octavia: Cloud) -> Iterator[None]:
    """The API answers everything while the block runs."""
    with octavia.connect() as connection:
        balancers = Balancers(connection)
        with (
            asking(balancers.all) as users,
            asking(lambda: get(octavia.deployment.address, PORT)) as visitors,
        ):
            yield
    assert users.failures == visitors.failures == []
    assert users.given and visitors.given
    print(f"{len(users.given)} and {len(visitors.given)} requests, none failed")


def test_the_providers_are_listed_and_a_load_balancer_becomes_active(octavia, balancers):
    assert "amphora" in {provider.name for provider in balancers.api.providers()}
    balancer = balancers.ready(balancers.begin(SUBNET))
    balancers.delete(balancer)
    assert octavia.deployment.kolla("container", "check", *CONTAINERS).exit_code == 0


def test_load_balancers_are_made_on_while_octavia_is_upgraded_and_rolled_back(octavia):
    kolla = octavia.deployment.kolla
    with unnoticed(octavia), made_on(octavia):
        kolla("container", "upgrade", *CONTAINERS, "--release", AFTER, timeout=1200)
    assert {octavia.current(name)["release"] for name in CONTAINERS} == {AFTER}
    with unnoticed(octavia), made_on(octavia):
        kolla("container", "rollback", *CONTAINERS, timeout=1200)
    assert {octavia.current(name)["release"] for name in CONTAINERS} == {BEFORE}


def test_an_amphora_that_never_reports_is_named_on_one_line(octavia, balancers):
    """One that is made as if never does."""
    kolla = octavia.deployment.kolla

    def ask() -> str:
        return kolla("container", "task", "octavia-health-manager", "amphorae",
                     expect=None).stderr

    balancer = balancers.ready(balancers.begin(SUBNET))
    (line,) = until(lambda: [line for line in ask().splitlines() if balancer in line], 300)
    assert "has never reported to" in line
    balancers.delete(balancer)


def test_no_key_shows_in_a_log_or_in_what_an_operator_is_shown(octavia):
    keys = {
        # The first line of a key that is full is of the key itself.
        name: max(value.split("\n"), key=len) for name, value in octavia.secrets().items()
        if name.startswith("octavia.")
    }
    assert {"octavia.amphora_authority", "octavia.amphora_client", "octavia.heartbeat_key",
            "octavia.certificates_key"} <= keys.keys()
    for name in CONTAINERS:
        shown = octavia.deployment.kolla("container", "logs", name).stdout
        shown += octavia.deployment.kolla("container", "show", name, "-f", "json").stdout
        assert [key for key, value in keys.items() if value in shown] == []


def test_a_health_manager_that_hears_nothing_any_more_is_not_well(octavia):
    """Its listener alone has ended: the other process would take all amphorae for dead."""
    kolla, name = octavia.deployment.kolla, "octavia-health-manager"
    kolla("container", "exec", name, "--", "bash", "-c", KILL_LISTENER)
    told = "1 of its 2 processes are at work"
    until(lambda: told in kolla("container", "check", name, expect=None).stdout)
    kolla("container", "restart", name, timeout=600)
    assert kolla("container", "check", *CONTAINERS).exit_code == 0


def test_it_is_deleted_without_a_trace(octavia):
    octavia.deployment.kolla("container", "delete", *CONTAINERS, "--data", "--yes", timeout=900)
    assert "octavia" not in query(octavia, "SHOW DATABASES")
    with octavia.connect() as connection:
        assert "load-balancer" not in {each.type for each in connection.identity.services()}
        assert "octavia" not in {each.name for each in connection.identity.users()}

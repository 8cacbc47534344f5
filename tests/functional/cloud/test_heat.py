"""Heat, from its first start to its removal: stacks are made on through upgrades."""

import contextlib
import json
from collections.abc import Iterator

import pytest
import requests

from tests.functional.support.cloud import Cloud, started
from tests.functional.support.database import query
from tests.functional.support.server import kill
from tests.functional.support.stacks import CONTAINERS, MADE, Stacks
from tests.functional.support.watching import asking, get, until

API, CFN = 8004, 8000
AFTER = "2026.2"

RANDOM = {
    "heat_template_version": "2021-04-16",
    "resources": {"word": {"type": "OS::Heat::RandomString", "properties": {"length": 12}}},
    "outputs": {"word": {"value": {"get_attr": ["word", "value"]}}},
}
#: Its second resource begins after the first, which takes that many seconds.
SLOW = {
    "heat_template_version": "2021-04-16",
    "resources": {
        "first": {
            "type": "OS::Heat::TestResource", "properties": {"action_wait_secs": {"create": 8}},
        },
        "second": {"type": "OS::Heat::RandomString", "depends_on": "first"},
    },
}
#: Complete once something has reported at the URL that only it knows.
WAITING = {
    "heat_template_version": "2021-04-16",
    "resources": {
        "handle": {"type": "AWS::CloudFormation::WaitConditionHandle"},
        "condition": {
            "type": "AWS::CloudFormation::WaitCondition", "depends_on": "handle",
            "properties": {"Handle": {"get_resource": "handle"}, "Timeout": "300", "Count": 1},
        },
    },
    "outputs": {
        "url": {"value": {"get_resource": "handle"}},
        "data": {"value": {"get_attr": ["condition", "Data"]}},
    },
}


@pytest.fixture(scope="module")
def heat(cloud) -> Iterator[Cloud]:
    """The cloud, with a Heat that was started from nothing."""
    cloud.deployment.kolla("image", "build", "heat", timeout=2400)
    with started(cloud, "30-heat", CONTAINERS):
        yield cloud


@pytest.fixture
def stacks(heat) -> Iterator[Stacks]:
    with heat.connect() as connection:
        yield Stacks(connection)


@contextlib.contextmanager
def made_on(heat: Cloud) -> Iterator[list[str]]:
    """Stacks are begun one after the other while the block runs; in the end all are complete."""
    begun: list[str] = []
    with heat.connect() as connection:
        stacks = Stacks(connection)
        with asking(lambda: begun.append(stacks.begin(SLOW)), pause=1) as answers:
            answers.wait_for(lambda: len(begun) > 1 or answers.failures)
            yield begun
        assert answers.failures == []
        for stack in begun:
            stacks.made(stack)


@contextlib.contextmanager
def unnoticed(heat: Cloud) -> Iterator[None]:
    """Both APIs, and the engine behind them, answer everything while the block runs."""
    address = heat.deployment.address
    with heat.connect() as connection:
        stacks = Stacks(connection)
        with (
            asking(stacks.all) as users,
            asking(lambda: get(address, API, "/healthcheck")) as visitors,
            asking(lambda: get(address, CFN, "/healthcheck")) as machines,
        ):
            yield
    assert users.failures == visitors.failures == machines.failures == []
    assert users.given and visitors.given and machines.given


@pytest.mark.service
def test_a_stack_is_made_and_says_what_it_has_made(heat, stacks):
    assert len(stacks.made(stacks.begin(RANDOM))["word"]) == 12
    assert heat.deployment.kolla("container", "check", *CONTAINERS).exit_code == 0


@pytest.mark.service
def test_a_virtual_machine_reports_with_a_login_of_the_domain_of_stacks(heat, stacks):
    stack, place = stacks.begin(WAITING), f"http://{heat.deployment.address}:{CFN}/"

    def told() -> str:
        """Where it is to report; something else until that is known."""
        url = Stacks.outputs(stacks.show(stack)).get("url")
        return url if str(url).startswith(place) else ""

    url = until(told, MADE)
    report = {"Status": "SUCCESS", "Reason": "up", "UniqueId": "1", "Data": "it is up"}
    until(lambda: requests.put(url, json=report, timeout=60).status_code == 200, MADE)
    assert json.loads(stacks.made(stack)["data"]) == {"1": "it is up"}


@pytest.mark.service
def test_stacks_are_made_on_while_heat_is_upgraded_and_rolled_back(heat):
    kolla = heat.deployment.kolla
    kolla("image", "build", "heat", "--release", AFTER, timeout=2400)
    with unnoticed(heat), made_on(heat):
        kolla("container", "upgrade", *CONTAINERS, "--release", AFTER, timeout=900)
    with unnoticed(heat), made_on(heat):
        kolla("container", "rollback", *CONTAINERS, timeout=900)


@pytest.mark.service
def test_a_stack_whose_engine_was_killed_can_be_cancelled_and_deleted(heat, stacks):
    stack = stacks.begin(WAITING)
    until(lambda: "url" in Stacks.outputs(stacks.show(stack)), MADE)
    kill(heat.deployment, ["heat-engine"])
    assert stacks.show(stack)["stack_status"] == "CREATE_IN_PROGRESS"
    stacks.cancel(stack)
    stacks.delete(stack)


@pytest.mark.service
def test_another_key_is_refused_before_anything_is_touched(heat, stacks):
    stack, passwords = stacks.begin(RANDOM), heat.passwords.read_text()
    stacks.made(stack)
    key = heat.secrets()["heat.auth_encryption_key"]
    heat.passwords.write_text(passwords.replace(key, "0" * 32))
    try:
        refused = heat.deployment.kolla("container", "upgrade", "heat-engine", expect=1)
    finally:
        heat.passwords.write_text(passwords)
    assert "[heat] auth_encryption_key is not the one" in refused.stderr
    assert key not in refused.stderr
    stacks.made(stacks.begin(RANDOM))


@pytest.mark.service
def test_it_is_deleted_without_a_trace(heat):
    heat.deployment.kolla("container", "delete", *CONTAINERS, "--data", "--yes")
    assert "heat" not in query(heat, "SHOW DATABASES")
    with heat.connect() as connection:
        identity = connection.identity
        assert {"orchestration", "cloudformation"}.isdisjoint(
            each.type for each in identity.services())
        assert "heat" not in {each.name for each in (*identity.users(), *identity.domains())}

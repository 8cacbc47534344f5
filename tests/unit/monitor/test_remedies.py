"""When the monitor confirms what confirms itself, and whom it takes back with another."""

import types

import pytest

from kolla.actions.run import run
from kolla.monitor.commands import Commands
from kolla.monitor.remedies import Remedies
from kolla.plans.requests import Request
from kolla.plugin import Task
from tests.unit.support.host import Host, make_service


class Now:
    """A loop that does at once what goes to the background, and keeps what comes later."""

    def __init__(self):
        self.later = []

    def after(self, seconds, work):
        self.later.append(work)

    def background(self, threads, work, done):
        done(work())


@pytest.mark.parametrize("who", ["monitor", "operator"])
def test_what_survives_its_probation_is_confirmed_once(tmp_path, who):
    contract = (Task("contract", ("contract",)),)
    host = Host(tmp_path, make_service("web", confirms_itself=True, contract=contract))
    host.build("1")
    host.act("start")
    web, loop = current(host, "web"), Now()
    context = types.SimpleNamespace(
        deployment=host.deployment, loop=loop, acting=None, has=lambda watched: True,
        in_hands=lambda watched: False,
    )
    watched = types.SimpleNamespace(
        name="web", number=1, generation=web, spec=web.snapshot, status="healthy", probation=60,
    )
    Remedies(context, lambda watched: None).await_end_of_probation(watched)
    assert web.confirmed is None
    if who == "operator":
        host.act("confirm")
    loop.later.pop()()
    assert current(host, "web").confirmed
    confirmations = [e for e in host.deployment.store.events(9, "web") if e.action == "confirm"]
    assert len(confirmations) == 1


@pytest.fixture
def shop(tmp_path):
    """An agent that follows a lead; both have been upgraded to 2026.2."""
    host = Host(
        tmp_path, make_service("agent", per_release=True, follows=("lead",)),
        make_service("lead", per_release=True),
    )
    host.build("1")
    host.act("start")
    host.build("2", "2026.2")
    host.act("upgrade", release="2026.2")
    return host


def roll_back_lead(host):
    lead = types.SimpleNamespace(name="lead", number=host.record("lead").current)
    return Commands(host.deployment).act("rollback", lead, "unhealthy in its probation: sick")


def current(host, name: str):
    return host.deployment.store.generation(name, host.record(name).current)


def test_followers_go_back_before_what_they_follow_and_are_told_why(shop):
    assert roll_back_lead(shop).outcome == "done"
    assert [current(shop, name).snapshot.release for name in ("agent", "lead")] == ["2026.1"] * 2
    cause = "lead, which it follows, is unhealthy in its probation: sick"
    assert cause in current(shop, "agent").cause
    committed = [current(shop, name).committed for name in ("agent", "lead")]
    assert committed == sorted(committed)


def test_a_follower_that_cannot_go_back_keeps_what_it_follows_where_it_is(shop):
    shop.engine.accidents["start", "agent-g3"] = OSError("no more descriptors")
    result = roll_back_lead(shop)
    assert (result.container, result.outcome) == ("agent", "failed")
    assert current(shop, "lead").snapshot.release == "2026.2"


def can_go_back(host) -> bool:
    lead = types.SimpleNamespace(name="lead", on_probation=True)
    context = types.SimpleNamespace(deployment=host.deployment)
    return Remedies(context, lambda watched: None).can_go_back(lead)


def test_a_follower_that_began_at_the_later_release_leaves_no_way_back(shop):
    assert can_go_back(shop)
    agent = [container for container in shop.containers if container.name == "agent"]
    run(shop.deployment, Request("delete", agent))
    run(shop.deployment, Request("upgrade", agent, release="2026.2"))
    assert not can_go_back(shop)

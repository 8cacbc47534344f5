"""When the monitor confirms what confirms itself, and whom it takes back with another."""

import types

import pytest

from kolla.actions.run import run
from kolla.monitor.commands import Commands
from kolla.monitor.remedies import Remedies
from kolla.plans.requests import Request
from tests.unit.support.factory import make_generation, make_spec, make_state
from tests.unit.support.host import Host, make_service


def asked(monkeypatch, on_record) -> list[str]:
    """What is done at the end of the probation of generation 1, as that is on record then."""
    state = make_state(1, [on_record])
    context = types.SimpleNamespace(
        deployment=None,
        loop=types.SimpleNamespace(after=lambda seconds, work: None),
        has=lambda watched: True, in_hands=lambda watched: False,
    )
    monkeypatch.setattr("kolla.monitor.remedies.recorded", lambda deployment, name: state)
    done = []
    remedies = Remedies(context, lambda watched: None)
    monkeypatch.setattr(remedies, "_act", lambda watched, kind, *told: done.append(kind))
    begun = make_generation(1, "current", spec=make_spec(confirms_itself=True))
    remedies._survived(types.SimpleNamespace(
        name="web", number=1, generation=begun, status="healthy"
    ))
    return done


@pytest.mark.parametrize("confirmed, done", [(None, ["confirm"]), ("2026-01-02", [])])
def test_what_has_been_confirmed_meanwhile_is_not_confirmed_again(monkeypatch, confirmed, done):
    assert asked(monkeypatch, make_generation(1, "current", confirmed=confirmed)) == done


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

"""Containers that follow another one: never of a later release, and upgraded after it."""

import contextlib
import re
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from kolla.actions.run import plan, run
from kolla.errors import KollaError
from kolla.plans.requests import Request
from kolla.plugin.reports import Outcome
from kolla.store.locks import Locks
from tests.unit.support.host import Host, make_service

SICK = Outcome(1, "not today")


@pytest.fixture
def nova(tmp_path):
    """Three of one project: the agent follows the api, which follows the lead. All at 2026.1."""
    host = Host(
        tmp_path,
        make_service("agent", per_release=True, project="shop", follows=("api",)),
        make_service("api", per_release=True, project="shop", follows=("lead",)),
        make_service("lead", per_release=True, project="shop"),
    )
    host.build("1")
    host.act("start")
    host.build("2", "2026.2")
    return host


def ask(host, kind: str, *names: str, dry_run: bool = False, observer=None, **options):
    containers = [c for c in host.containers if c.name in names]
    arguments = {"observer": observer} if observer else {}
    return run(host.deployment, Request(kind, containers, **options), dry_run, **arguments)


def releases(host) -> dict[str, str]:
    store = host.deployment.store
    return {
        c.name: store.generation(c.name, store.container(c.name).current).snapshot.release
        for c in host.containers
    }


def upgraded(host, *names: str) -> None:
    assert ask(host, "upgrade", *(names or ("agent", "api", "lead")), release="2026.2").ok


def test_a_follower_is_upgraded_after_and_rolled_back_before_what_it_follows(nova):
    for kind, expected in (("upgrade", ["lead", "api", "agent"]),
                           ("rollback", ["agent", "api", "lead"])):
        said = []
        options = {"release": "2026.2"} if kind == "upgrade" else {}
        assert ask(
            nova, kind, "agent", "api", "lead",
            observer=lambda name, *rest: said.append(name), **options
        ).ok
        # Each begins when the one before it serves, which may still be cleaning up.
        assert list(dict.fromkeys(said)) == expected


def test_a_follower_cannot_be_upgraded_first(nova):
    with pytest.raises(KollaError) as refusal:
        ask(nova, "upgrade", "agent", release="2026.2")
    assert refusal.value.message == (
        "agent cannot go to 2026.2: api, which it follows, is of 2026.1"
    )
    assert "upgrade api first" in refusal.value.hint
    assert sorted(nova.engine.running()) == ["agent-g1", "api-g1", "lead-g1"]


def test_what_is_followed_cannot_go_back_alone(nova):
    upgraded(nova)
    with pytest.raises(KollaError) as refusal:
        ask(nova, "rollback", "lead")
    assert refusal.value.message == (
        "lead cannot go to 2026.1 alone: agent, which follows it, is of 2026.2"
    )
    assert "`kolla container rollback agent lead`" in refusal.value.hint
    assert set(releases(nova).values()) == {"2026.2"}


def test_an_older_image_is_a_way_back_as_well(nova):
    upgraded(nova)
    with pytest.raises(KollaError, match="lead cannot go to 2026.1 alone"):
        ask(nova, "upgrade", "lead", image="kolla/lead:2026.1")
    upgraded(nova)
    with pytest.raises(KollaError, match="lead cannot go to 2026.1 alone"):
        ask(nova, "upgrade", "lead", image="kolla/lead:2026.1")


def test_what_is_followed_may_be_ahead_and_its_followers_may_stay(nova):
    upgraded(nova, "lead")
    assert releases(nova) == {"agent": "2026.1", "api": "2026.1", "lead": "2026.2"}
    assert ask(nova, "rollback", "lead").ok


def test_a_follower_of_a_container_that_does_not_run_here_goes_where_it_likes(nova):
    assert ask(nova, "delete", "api", "lead").ok
    upgraded(nova, "agent")


def test_a_follower_that_was_deleted_keeps_nobody_from_going_back(nova):
    upgraded(nova)
    assert ask(nova, "delete", "agent", "api").ok
    assert ask(nova, "rollback", "lead").ok


def test_a_failure_of_what_is_followed_leaves_its_followers_where_they_are(nova):
    nova.engine.answers["lead-g2"] = SICK
    report = ask(nova, "upgrade", "agent", "api", "lead", release="2026.2")
    assert {result.container: result.outcome for result in report.results} == {
        "agent": "not begun", "api": "not begun", "lead": "failed",
    }
    assert set(releases(nova).values()) == {"2026.1"}


def test_a_follower_that_fails_takes_back_those_before_it_if_that_is_asked_for(nova):
    nova.engine.answers["agent-g2"] = SICK
    ask(nova, "upgrade", "agent", "api", "lead", release="2026.2", rollback_on_failure=True)
    assert set(releases(nova).values()) == {"2026.1"}


def test_a_dry_run_is_one_plan_in_the_order_of_the_containers_and_tells_its_edges(nova):
    report = ask(nova, "upgrade", "agent", "api", "lead", release="2026.2", dry_run=True)
    assert list(report.plans) == ["lead", "api", "agent"]
    assert [plan.begins_after for plan in report.plans.values()] == [(), ("lead",), ("api",)]
    assert "agent: upgrade, generation 1 -> 2" in str(report.plans["agent"])
    assert "\n  begins after api\n" in str(report.plans["agent"])


def test_a_dry_run_names_no_container_that_has_nothing_to_do(nova):
    upgraded(nova, "lead", "api")
    report = ask(nova, "upgrade", "agent", "api", "lead", release="2026.2", dry_run=True)
    assert report.plans["agent"].begins_after == ()


def test_a_plan_tells_which_container_the_configuration_would_take_too_far(nova):
    assert ask(nova, "upgrade", "lead", release="2026.1").ok  # a pin
    nova.deployment.settings.conf.set_override("release", "2026.2")
    found = plan(nova.deployment, nova.containers)
    assert "api cannot go to 2026.2: lead, which it follows, is of 2026.1" in found["api"].blocked
    assert "agent cannot go to 2026.2" in found["agent"].blocked


def meanwhile(host, monkeypatch, moment: str, act) -> list:
    """What ``act`` returns, once it was called while another command starts this generation."""
    said, start = [], host.engine.start

    def started(name):
        if name == moment and not said:
            said.append(None)
            said[0] = act()
        start(name)

    monkeypatch.setattr(host.engine, "start", started)
    return said


def test_what_is_followed_cannot_go_back_while_a_follower_is_being_upgraded(nova, monkeypatch):
    upgraded(nova, "lead", "api")
    said = meanwhile(nova, monkeypatch, "agent-g2", lambda: ask(nova, "rollback", "api"))
    upgraded(nova, "agent")
    result, = said[0].results
    assert result.outcome == "failed" and re.search(
        "^api cannot go to 2026.1 while agent goes to 2026.2: .*'s upgrade "
        r"\(process \d+\), running for \d+ s\n  wait until that has ended", result.reason
    )
    assert releases(nova) == dict.fromkeys(("agent", "api", "lead"), "2026.2")


def test_a_follower_cannot_be_upgraded_while_what_it_follows_goes_back(nova, monkeypatch):
    upgraded(nova, "lead", "api")
    said = meanwhile(
        nova, monkeypatch, "api-g3", lambda: ask(nova, "upgrade", "agent", release="2026.2")
    )
    assert ask(nova, "rollback", "api").ok
    assert "agent cannot go to 2026.2 while api goes to 2026.1" in said[0].results[0].reason
    assert releases(nova) == {"agent": "2026.1", "api": "2026.1", "lead": "2026.2"}


def test_what_goes_well_together_is_done_at_the_same_time(nova, monkeypatch):
    upgraded(nova, "lead")
    said = meanwhile(nova, monkeypatch, "agent-g2", lambda: ask(nova, "rollback", "lead"))
    nova.build("3")
    assert ask(nova, "upgrade", "agent").ok and said[0].ok
    assert set(releases(nova).values()) == {"2026.1"}


def test_a_command_that_failed_keeps_no_other_from_its_way(nova, monkeypatch):
    upgraded(nova, "lead", "api")
    nova.engine.answers["agent-g2"] = SICK
    assert not ask(nova, "upgrade", "agent", release="2026.2").ok
    assert ask(nova, "rollback", "api").ok


def test_of_commands_that_decide_at_the_same_moment_one_is_refused(nova, monkeypatch):
    upgraded(nova, "lead", "api")
    both, moves = threading.Barrier(2), Locks.moves

    def late(locks, names):
        """Neither sees the other one, unless the other one has to wait meanwhile."""
        found = moves(locks, names)
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait(1)
        return found

    def succeeds(kind, name, **options) -> bool:
        try:
            return ask(nova, kind, name, **options).ok
        except KollaError:  # the other one has ended before this one planned anything
            return False

    monkeypatch.setattr(Locks, "moves", late)
    with ThreadPoolExecutor(2) as pool:
        upgrade = pool.submit(succeeds, "upgrade", "agent", release="2026.2")
        back = pool.submit(succeeds, "rollback", "api")
    assert upgrade.result() != back.result()
    assert (releases(nova)["agent"], releases(nova)["api"]) != ("2026.2", "2026.1")

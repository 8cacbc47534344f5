"""What operators may rely on when the monitor watches a host; the engine is made up."""

import contextlib
import json
import logging
from unittest import mock

import pytest
from tests.unit.support.monitored import Site

from kolla.actions.run import run
from kolla.actions.result import Result
from kolla.errors import KollaError
from kolla.health import asking
from kolla.monitor.commands import Commands
from kolla.plans.requests import Request
from kolla.plugin.reports import BackendError, Outcome, Unreachable
from kolla.store import records
from kolla.store.records import FOR_EVER
from kolla.store.store import Store
from kolla.times import ago, now


@pytest.fixture
def site_of(tmp_path, monkeypatch):
    """A host whose containers run and are watched."""
    sites = []

    def make(*names: str, idle: tuple[str, ...] = (), **changes) -> Site:
        site = Site(tmp_path, *names, *idle, **changes)
        sites.append(site)
        for name in names:
            site.run(name)
        site.watch(monkeypatch)
        site.until(lambda: site.well(*names))
        return site

    yield make
    for site in sites:
        site.watcher.close()


def test_what_dies_while_its_database_hangs_is_not_given_up(site_of, caplog):
    site = site_of("db", "web", web=("db",), text="interval = db:60\n")
    site.engine.answers["db-g1"] = Outcome(124, "it hangs")
    asked = site.engine.asked.count("db-g1")
    site.engine.die("web-g1", times=9)
    site.look("web")
    site.until(lambda: "db is unhealthy" in caplog.text)
    assert site.engine.asked.count("db-g1") > asked, "nobody waits for the database's turn"
    assert site.status("web") != "failed"
    site.engine.die("web-g1")
    site.look("web")
    site.until(lambda: "web is degraded: it requires db" in caplog.text)
    assert site.store.container("web").failed is None


@pytest.mark.parametrize("who, left", [("monitor", 1), ("operator", 0)])
def test_only_a_person_grants_what_was_given_up_a_new_budget(site_of, monkeypatch, who, left):
    site = site_of("web")
    site.store.update("web", failed=now(), restarts=json.dumps([ago(60)]))
    monkeypatch.setattr(records, "_actor", who)
    containers = [site.deployment.catalog.container("web")]
    assert run(site.deployment, Request("recover", containers)).ok
    record = site.store.container("web")
    assert (record.failed, len(record.restarts)) == (None, left)


def test_what_an_operator_has_confirmed_is_not_rolled_back(site_of):
    site = site_of("web")
    site.run("web", environment={"A": "new"})
    site.until(lambda: site.context.conditions()["web"].generation == 2)
    site.another_process().confirm("web", 2)
    site.until(lambda: not site.context.conditions()["web"].probation)
    site.engine.answers["web-g2"] = Outcome(1, "it is sick")
    site.until(lambda: site.store.container("web").restarts)
    assert site.store.container("web").current == 2


def test_a_record_that_cannot_be_read_blinds_the_monitor_to_that_container_only(site_of, caplog):
    site = site_of("bad", "web")
    site.run("bad")
    site.another_process()._write("UPDATE generations SET spec = '{}' WHERE container = 'bad'")
    site.run("web")
    site.until(lambda: site.context.conditions()["web"].generation == 2)
    site.until(lambda: site.status("web") == "healthy")
    site.another_process().update("web", settled=1)
    site.be_asked("web-g2")
    assert site.status("bad") == "unknown"
    assert [entry.message[:18] for entry in caplog.records if entry.levelname == "ERROR"] == [
        "bad is not watched",
    ]


def test_what_a_plugin_that_came_later_started_is_told_with_the_command_that_helps(
    site_of, caplog
):
    site = site_of("web")
    told = "late is watched and not acted on: its plugin was installed since the monitor began"
    for _ in range(2):
        site.run("late")
        site.until(lambda: site.context.conditions().keys() >= {"web", "late"})
    site.until(lambda: told in caplog.text)
    assert caplog.text.count(told) == caplog.text.count("`systemctl reload kolla-monitor`") == 1


def test_the_quick_answer_of_what_cannot_be_asked_is_as_new_as_the_last_look(site_of):
    site = site_of("web")
    site.engine.change("web-g1", status="paused")
    site.engine.answers["web-g1"] = BackendError("it is paused")
    site.until(lambda: site.status("web") == "paused")
    site.context.watched["web"].checked = ago(3600)
    site.another_process().update("web", health_at=ago(3600))
    paused = site.deployment.catalog.containers["web"]
    site.until(lambda: asking.last_round(site.deployment, [paused])[0].status == "paused")


def asked_of_what_is_sick_in_its_probation(site, monkeypatch, answer) -> list[str]:
    """The requests of the monitor, all of them with the same answer."""
    asked = []

    def act(self, kind, *_):
        asked.append(kind)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(Commands, "act", act)
    site.run("web", environment={"A": "new"})
    site.until(lambda: site.context.conditions()["web"].generation == 2)
    site.engine.answers["web-g2"] = Outcome(1, "it is sick")
    site.until(lambda: len(asked) > 1)
    return asked[:2]


@pytest.mark.parametrize("answer", [
    Unreachable("the engine is away"), Result("web", "failed", 2, 2, "web is locked by somebody"),
])
def test_a_rollback_that_could_not_be_tried_is_tried_again(site_of, monkeypatch, answer):
    asked = asked_of_what_is_sick_in_its_probation(site_of("web"), monkeypatch, answer)
    assert asked == ["rollback", "rollback"]


@pytest.mark.parametrize("answer", [
    KollaError("the format of its data"), Result("web", "failed", 2, 2, "sick", tried=True),
])
def test_what_cannot_be_rolled_back_is_restarted(site_of, monkeypatch, answer):
    asked = asked_of_what_is_sick_in_its_probation(site_of("web"), monkeypatch, answer)
    assert asked == ["rollback", "revive"]


@pytest.mark.parametrize("error, tried", [(Unreachable, False), (BackendError, True)])
def test_what_an_engine_that_went_away_cut_short_was_not_tried(site_of, error, tried):
    site = site_of("web")
    site.engine.stop = mock.Mock(side_effect=error("it cannot be done"))
    containers = [site.deployment.catalog.container("web")]
    result, = run(site.deployment, Request("restart", containers)).results
    assert (result.outcome, result.tried) == ("failed", tried)


def test_a_maintenance_that_was_prolonged_at_the_last_moment_lasts(
    site_of, monkeypatch, caplog
):
    caplog.set_level(logging.INFO)
    site = site_of("web")
    site.another_process().update("web", maintenance=ago(-0.5))
    site.until(lambda: "web is in maintenance" in caplog.text)
    monkeypatch.setattr(site.store, "changed", lambda: site.watcher._seen_change)
    site.another_process().update("web", maintenance=FOR_EVER)
    site.until(lambda: site.status("web") != "maintenance")
    assert site.store.container("web").maintenance == FOR_EVER


def test_a_maintenance_ends_though_the_disk_is_full(site_of, monkeypatch, caplog):
    site = site_of("web")
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(site.store, "_write", mock.Mock(side_effect=KollaError("disk full")))
    site.another_process().update("web", maintenance=ago(-0.5))
    site.until(lambda: "web is in maintenance" in caplog.text)
    site.until(lambda: site.status("web") == "healthy")
    site.another_process().update("web", target="stopped")
    site.until(lambda: site.status("web") == "stopped")
    assert [entry for entry in caplog.records if entry.levelname == "ERROR"] == []


def kill_a_stop(site) -> None:
    """What ``kolla container stop web`` leaves that is killed right after its commit."""
    store = site.another_process()
    store.open_event("stop", "web", 1)
    store.update("web", target="stopped", settled=0)


def test_what_a_killed_stop_left_is_tidied_up(site_of):
    site = site_of("web")
    kill_a_stop(site)
    site.until(lambda: not site.store.unfinished())
    assert not site.engine.seen["web-g1"].running


def test_what_a_killed_first_start_left_is_taken_away(site_of):
    site = site_of("db", idle=("web",))
    site.begin("web")
    site.until(lambda: "web-g1" not in site.engine.seen)
    site.until(lambda: not site.store.unfinished())


@pytest.mark.parametrize("why", ["somebody is at work on it", "it is in maintenance"])
def test_what_is_to_be_left_alone_is_not_tidied_up(site_of, why):
    site = site_of("web")
    with contextlib.ExitStack() as stack:
        if why == "it is in maintenance":
            site.another_process().update("web", maintenance=FOR_EVER)
        else:
            stack.enter_context(site.deployment.locks.hold("web", "stop", print))
        kill_a_stop(site)
        site.work()
        assert site.engine.seen["web-g1"].running


def test_the_journal_is_read_without_its_evidence(tmp_path):
    store = Store(tmp_path)
    store.open_event("restart", "web", 1, evidence="x" * 10_000)
    assert [event.evidence for event in store.events_from(1)] == [""]

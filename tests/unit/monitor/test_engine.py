"""What the monitor makes of what the engine says, and of an engine that says nothing."""

import logging
import time

import pytest
from tests.unit.support.monitored import Site

from kolla.errors import UsageError
from kolla.plugin.reports import Outcome, Stranger, Unreachable
from kolla.times import now

SILENCE = Unreachable("the engine does not answer: timed out")


@pytest.fixture
def site(tmp_path, monkeypatch, caplog):
    """Two healthy containers that are watched, and fail rather than be restarted."""
    caplog.set_level(logging.INFO)
    site = Site(tmp_path, "web", "database", text="restarts_per_hour = 0\n")
    for name in ("web", "database"):
        site.run(name)
    site.watch(monkeypatch)
    site.until(lambda: site.well("web", "database"))
    yield site
    site.watcher.close()


def test_a_check_the_engine_did_not_answer_for_counts_for_that_container_alone(site, caplog):
    site.engine.answers["database-g1"] = SILENCE
    site.until(lambda: site.status("database") == "unknown")
    site.engine.answers["web-g1"] = Outcome(1, "sick")
    site.until(lambda: site.status("web") == "failed")
    assert "nothing is judged" not in caplog.text


def test_an_engine_that_was_silent_for_a_moment_is_asked_again_until_it_answers(site, caplog):
    site.engine.trouble = SILENCE
    site.until(lambda: "nothing is judged until it answers" in caplog.text)
    site.engine.trouble = None
    site.until(lambda: "the engine answers again" in caplog.text)
    site.engine.answers["web-g1"] = Outcome(1, "sick")
    site.until(lambda: site.status("web") == "failed")


def test_whatever_is_not_known_any_more_is_said_to_be_unknown(site):
    site.engine.trouble = SILENCE
    site.until(lambda: site.status("web") == site.status("database") == "unknown")


def test_an_engine_that_hangs_takes_no_healthy_container_away(site):
    site.engine.answers["web-g1"] = Outcome(1, "sick")
    site.until(lambda: site.status("web") == "failed" and site.status("database") == "healthy")
    site.engine.trouble = SILENCE
    site.until(lambda: site.status("web") == site.status("database") == "unknown")
    conditions = site.context.conditions()
    assert conditions["database"].serves and not conditions["web"].serves


def test_what_could_not_be_given_up_for_the_engine_hangs_gets_no_requests(site, monkeypatch):
    answers = iter([None, SILENCE])

    def fall_sick(name, command, timeout):
        if name == "web-g1":
            site.engine.trouble = next(answers, SILENCE)
            return Outcome(1, "sick")
        if site.engine.trouble:
            raise SILENCE
        return Outcome(0, "")

    monkeypatch.setattr(site.store, "note_health", lambda rows: None)  # on a slow disk
    monkeypatch.setattr(site.engine, "execute", fall_sick)
    site.until(lambda: site.status("web") == site.status("database") == "unknown")
    site.until(lambda: not site.context.conditions()["web"].serves)
    site.work()
    conditions = site.context.conditions()
    assert conditions["database"].serves and not conditions["web"].serves


def test_a_check_that_waited_for_long_for_an_engine_that_hangs_takes_nothing_away(
    site, monkeypatch
):
    def fall_silent():
        memory = site.context.watched["database"].memory
        memory.answered = memory.started = memory.since = 0  # it took longer than an answer counts
        site.engine.trouble = SILENCE

    def hang(name, command, timeout):
        if name == "database-g1" and not site.engine.trouble:
            site.loop.call(fall_silent)
        elif not site.engine.trouble:
            return Outcome(0, "")
        raise SILENCE

    monkeypatch.setattr(site.engine, "execute", hang)
    site.until(lambda: site.status("database") == "unknown")
    assert site.context.conditions()["database"].serves


def test_a_container_that_alone_cannot_be_asked_gets_no_requests(site):
    site.engine.answers["web-g1"] = SILENCE
    site.until(lambda: site.status("web") == "unknown")
    assert not site.context.conditions()["web"].serves


def test_what_is_known_to_have_failed_stays_so_when_the_engine_owes_an_answer(site):
    site.engine.answers["web-g1"] = Outcome(1, "sick")
    site.until(lambda: site.status("web") == "failed")
    site.engine.answers["web-g1"] = SILENCE
    over = time.monotonic() + 2 * site.context.watched["web"].rules.patience
    site.until(lambda: time.monotonic() > over)
    site.be_asked("web-g1")
    assert site.status("web") == "failed"


def test_hooks_and_the_journal_are_told_of_a_restart_by_the_engine(site, caplog):
    site.engine.change("web-g1", restarts=1, started_at=now())
    site.look("web")
    told = "web generation 1 restarted: by the engine: its process ended"
    site.until(lambda: told in caplog.text)
    site.until(
        lambda: ("restart", "done") in [(e.action, e.outcome) for e in site.store.events()]
    )


def test_a_restart_by_the_engine_is_in_the_journal_even_if_no_hook_can_be_told(site, monkeypatch):
    def unknown(*told):
        raise UsageError("there is no container web")  # of a plugin that came after the monitor

    monkeypatch.setattr("kolla.monitor.commands.notify", unknown)
    site.engine.change("web-g1", restarts=1, started_at=now())
    site.look("web")
    site.until(
        lambda: ("restart", "done") in [(e.action, e.outcome) for e in site.store.events()]
    )


def test_a_container_that_only_looks_like_one_of_kollas_is_told_once(site, caplog):
    site.engine.foreign = [Stranger("copy", "it has a name that kolla would not give it")]
    told = "the container copy is left alone: it has a name that kolla would not give it"
    site.until(lambda: told in caplog.text)
    site.work()
    assert caplog.text.count(told) == 1


def test_a_look_at_everything_that_fails_is_told_and_taken_again(site, caplog, monkeypatch):
    def broken(container=None):
        raise KeyError("kolla.generation")

    with monkeypatch.context() as patch:
        patch.setattr(site.engine, "observe", broken)
        site.until(lambda: "what the engine has could not be looked through" in caplog.text)
    site.engine.change("web-g1", running=False, status="exited")
    site.until(lambda: site.status("web") == "failed")


def test_one_container_that_cannot_be_swept_hides_no_other(site, caplog, monkeypatch):
    look = site.watcher._engine.look

    def broken(name):
        if name == "web":
            raise ValueError("no such thing")
        look(name)

    monkeypatch.setattr(site.watcher._engine, "look", broken)
    for name in ("web-g1", "database-g1"):
        site.engine.change(name, running=False, status="exited")
    site.until(lambda: site.status("database") == "failed")
    assert "no such thing" in caplog.text

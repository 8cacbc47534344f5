"""What the monitor makes of what the engine says, and of an engine that says nothing."""

import logging

import pytest

from kolla.backends.base import Outcome, Unreachable
from kolla.monitor import watcher
from kolla.records import now
from tests.unit.monitored import Engine, MadeUp, Monitor, until

SILENCE = Unreachable("the engine does not answer: timed out")


@pytest.fixture
def engine(monkeypatch):
    monkeypatch.setattr(watcher, "SWEEP", 0.3)
    monkeypatch.setattr(watcher, "FIRST", 0)
    return Engine()


@pytest.fixture
def monitor(tmp_path, engine, caplog):
    """Of two healthy containers."""
    caplog.set_level(logging.INFO)
    with Monitor(MadeUp(tmp_path, engine, "web", "database")) as monitor:
        for name in ("web", "database"):
            until(lambda name=name: monitor.status(name) == "healthy")
        yield monitor


def test_a_check_the_engine_did_not_answer_for_counts_for_that_container_alone(
    engine, monitor, caplog
):
    engine.answers["database-g1"] = SILENCE
    until(lambda: monitor.status("database") == "unknown")
    engine.answers["web-g1"] = Outcome(1, "sick")
    until(lambda: monitor.status("web") == "unhealthy")
    assert "nothing is judged" not in caplog.text


def test_an_engine_that_was_silent_for_a_moment_is_asked_again_until_it_answers(
    engine, monitor, caplog
):
    engine.trouble = SILENCE
    until(lambda: "nothing is judged until it answers" in caplog.text)
    engine.trouble = None
    until(lambda: "the engine answers again" in caplog.text)
    engine.answers["web-g1"] = Outcome(1, "sick")
    until(lambda: monitor.status("web") == "unhealthy")


def test_whatever_is_not_known_any_more_is_said_to_be_unknown(engine, monitor):
    engine.trouble = SILENCE
    until(lambda: monitor.status("web") == monitor.status("database") == "unknown")


def test_hooks_and_the_journal_are_told_of_a_restart_by_the_engine(engine, monitor, caplog):
    engine.change("web-g1", restarts=1, started_at=now())
    engine.events.put(("web", "start"))
    until(lambda: "web generation 1 restarted: by the engine: its process ended" in caplog.text)
    store = monitor.watcher.ward.deployment.store
    until(lambda: [event.outcome for event in store.events()] == ["done"])

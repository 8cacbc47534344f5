"""What the monitor reads and writes: the journal, ages, maintenance, and an older state file."""

import datetime
import sqlite3

import pytest

from kolla.monitor.loop import Loop
from kolla.monitor.watched import recall
from kolla.monitor.watcher import Journal
from kolla.plans import converge, planner
from kolla.plugin.reports import ALWAYS, NEVER
from kolla.store import tables
from kolla.store.records import FOR_EVER, Record
from kolla.store.store import Store
from kolla.times import age, ago, now
from tests.unit.support.factory import RULES, make_generation, make_observed, make_spec, make_state


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path)


def act(store, action: str, outcome: str = "done") -> int:
    event = store.open_event(action, "web", 1)
    if outcome != "begun":
        store.close_event(event, outcome, 1.0)
    return event


def test_the_journal_tells_each_action_once_when_it_has_ended(store):
    act(store, "start")
    journal = Journal(store)
    assert list(journal.news()) == []
    slow, quick = act(store, "upgrade", "begun"), act(store, "restart")
    assert [event.id for event in journal.news()] == [quick]
    store.close_event(slow, "failed", 2.0)
    assert [(event.id, event.outcome) for event in journal.news()] == [(slow, "failed")]
    assert list(journal.news()) == []


def test_operations_are_no_news(store):
    journal = Journal(store)
    store.close_event(store.open_event("commit", "web", 1, parent=7), "done", 0.1)
    assert list(journal.news()) == []


def test_a_clock_that_was_put_back_makes_nothing_younger_than_now():
    future = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)
    assert age(future.isoformat()) == 0
    assert 59 < age(ago(60)) < 62


def test_restarts_and_failure_are_remembered_over_an_end_of_the_monitor():
    record = Record("web", current=3, restarts=(ago(100), ago(50)), failed=now())
    memory = recall(record, 3, RULES, now=1000)
    assert memory.given_up
    assert [round(1000 - at, -1) for at in memory.restarts] == [100, 50]


@pytest.mark.parametrize("until, expected", [
    (lambda: None, False), (lambda: FOR_EVER, True),
    (lambda: ago(-3600), True), (lambda: ago(3600), False),
], ids=["never", "for ever", "in an hour", "an hour ago"])
def test_a_maintenance_lasts_until_it_is_over(until, expected):
    assert Record("web", maintenance=until()).in_maintenance() is expected


def test_a_state_file_of_the_first_format_is_taken_over_with_all_that_is_in_it(tmp_path):
    database = sqlite3.connect(tmp_path / "kolla.sqlite")
    database.executescript(f"{tables._FIRST}PRAGMA user_version=1;")
    database.execute("INSERT INTO containers (name, current, target) VALUES ('web', 3, 'running')")
    database.execute(
        "INSERT INTO events (at, who, action, container) VALUES ('now', 'me', 'start', 'web')"
    )
    database.commit()
    store = Store(tmp_path)
    record = store.container("web")
    assert (record.current, record.failed, record.restarts) == (3, None, ())
    assert [event.evidence for event in store.events()] == [""]


def test_a_change_by_another_process_is_noticed_and_our_own_is_not(store, tmp_path):
    before = store.changed()
    store.update("web", target="running")
    assert store.changed() == before
    other = Store(tmp_path)
    other.update("web", target="stopped")
    assert store.changed() != before


def test_evidence_is_kept_with_its_event_and_the_generation_that_was_replaced(store):
    for number in (1, 2):
        store.begin("web", make_spec(), {}, "a test")
        store.commit("web", number, why="it was sick", evidence="check: sick")
    store.open_event("restart", "web", 2, "sick", evidence="check: sick")
    first, _ = store.generations("web")
    assert first.evidence == "check: sick" and "it was sick" in first.reason
    assert [event.detail for event in store.incidents("web")] == ["sick"]


def test_what_was_given_up_is_cared_for_by_the_next_recovery():
    state = make_state(
        1, [make_generation(1, "current")], [make_observed(1, restart=NEVER)],
        record={"failed": now()},
    )
    assert not converge.settled(state)
    assert [step.kind for step in planner.recover(state).operations] == ["keep", "settle"]


def test_a_container_that_was_given_up_half_way_is_cared_for_by_the_next_recovery():
    state = make_state(
        1, [make_generation(1, "current")], [make_observed(1, restart=ALWAYS)],
        record={"failed": now()},
    )
    assert [step.kind for step in planner.recover(state).operations] == ["keep", "settle"]


def test_giving_up_stops_only_what_starts_over_and_over():
    running = make_state(1, [make_generation(1, "current")], [make_observed(1)])
    assert [step.kind for step in planner.give_up(running).operations] == ["fail", "release"]


def test_the_loop_survives_what_its_jobs_raise_and_cancels_what_has_not_come_due():
    loop, seen = Loop(), []

    def job():
        seen.append("job")
        if len(seen) == 3:
            loop.stop()
        raise RuntimeError("a bug")

    loop.cancel(loop.after(0.01, lambda: seen.append("cancelled")))
    loop.every(0.01, job)
    loop.run()
    assert set(seen) == {"job"}


def test_old_events_are_forgotten_and_what_is_still_under_way_is_not(store):
    for outcome in ("done", "begun"):
        act(store, "restart", outcome)
    store.begin("web", make_spec(), {}, "a test")
    store.forget_events(ago(60), keep=0)
    assert [event.outcome for event in store.events()] == ["done", "begun"]
    store.forget_events(ago(-60), keep=0)
    assert [event.outcome for event in store.events()] == ["begun"]
    assert store.begun("web") and store.find("web", 1)


def test_the_newest_events_stay_however_old_they_look(store):
    for _ in range(5):
        act(store, "restart", "done")
    store.forget_events(ago(-86_400), keep=3)
    assert [event.id for event in store.events()] == [3, 4, 5]

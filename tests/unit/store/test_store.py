import contextlib
import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from kolla.errors import KollaError
from kolla.files import lock_file, try_lock
from kolla.plugin import File
from kolla.store.locks import Locks
from kolla.store.store import Store
from tests.unit.support.factory import make_spec


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path)


def outcomes(store) -> dict[int, str]:
    return {generation.number: generation.outcome for generation in store.generations("web")}


def test_numbers_only_grow_and_survive_the_loss_of_the_state_file(store, tmp_path):
    assert [store.begin("web", make_spec(), {}, "a test") for _ in range(3)] == [1, 2, 3]
    store.close()
    (tmp_path / "kolla.sqlite").unlink()
    assert Store(tmp_path).begin("web", make_spec(), {}, "a test") == 4


def test_with_a_new_generation_outdated_ones_are_dropped_or_nothing_is_done(store, monkeypatch):
    for _ in range(3):
        store.begin("web", make_spec(), {}, "a test")
    store.begin("other", make_spec(container="other"), {}, "a test")

    with monkeypatch.context() as patch, pytest.raises(KollaError, match="cannot be written"):
        delete = store._write

        def write(statement, *values):
            if statement.startswith("DELETE") and values[-1] == 2:
                raise KollaError("the state file cannot be written")
            return delete(statement, *values)

        patch.setattr(store, "_write", write)
        store.begin("web", make_spec(), {}, "a test", outdated=(1, 2))
    assert [*outcomes(store)] == [1, 2, 3]
    assert store.begin("web", make_spec(), {}, "a test", outdated=(1, 2, 3)) == 5
    assert [*outcomes(store)] == [5] and store.find("other", 1)


def test_a_commit_makes_one_generation_current_and_keeps_its_predecessor(store):
    for number in (1, 2):
        store.begin("web", make_spec(), {}, "a test")
        store.commit("web", number)
    assert outcomes(store) == {1: "kept", 2: "current"}
    assert store.container("web").current == 2


def test_a_commit_writes_the_pins_in_the_same_transaction(store):
    store.begin("web", make_spec(), {}, "a test")
    store.commit("web", 1, release_pin="2026.2")
    assert store.container("web").release_pin == "2026.2"


def test_what_a_killed_command_left_is_named_interrupted_and_discarded(store):
    event = store.open_event("upgrade", "web", 1)
    store.begin("web", make_spec(), {}, "a test")
    store.abandon("web")
    assert outcomes(store) == {1: "discarded"}
    assert [e.outcome for e in store.events() if e.id == event] == ["interrupted"]


def test_a_killed_command_is_noticed_until_its_journal_is_closed(store):
    store.open_event("restart", "web", 1)
    assert store.begun("web") and not store.begun("other")
    store.abandon("web")
    assert not store.begun("web")


def test_a_spec_comes_back_as_it_was(store):
    spec = make_spec(environment={"A": "${b.c}"}, files=(File("/x", "text", mode=0o600),))
    store.begin("web", spec, {}, "a test")
    assert store.generations("web")[0].snapshot == spec


def test_the_state_file_is_for_its_owner_only(store, tmp_path):
    assert (tmp_path / "kolla.sqlite").stat().st_mode & 0o077 == 0


def test_a_state_file_of_a_later_kolla_is_refused(store, tmp_path):
    store._write("PRAGMA user_version=99")
    with pytest.raises(KollaError, match="later kolla"):
        Store(tmp_path)


def test_a_broken_state_file_is_named_with_the_way_out(tmp_path):
    (tmp_path / "kolla.sqlite").write_text("this is no database, and never was one")
    with pytest.raises(KollaError, match="\n  move it away; `kolla recover` then"):
        Store(tmp_path)


def test_who_waits_for_a_lock_is_told_who_holds_it_and_for_what(tmp_path):
    locks, told, inside = Locks(tmp_path, timeout=10), [], threading.Event()
    leave = threading.Event()

    def first():
        with locks.hold("web", "upgrade", told.append):
            inside.set()
            leave.wait(10)

    thread = threading.Thread(target=first)
    thread.start()
    inside.wait(10)

    def tell(text):
        told.append(text)
        leave.set()

    with locks.hold("web", "stop", tell):
        pass
    thread.join()
    assert "upgrade" in told[0] and str(os.getpid()) in told[0] and "running for" in told[0]


def test_waiting_for_a_lock_ends_with_its_holders_name(tmp_path):
    with Locks(tmp_path, 1).hold("web", "upgrade", print):
        with pytest.raises(KollaError, match="is locked by .* upgrade"):
            with Locks(tmp_path, 0).hold("web", "stop", lambda text: None):
                pass


@pytest.mark.parametrize("left", [
    '{"who": "root", "pid": 1, "action": "stop", "since": "yesterday"}',
    '{"who": "root", "pid": 1, "action": "stop", "since": "2026-01-01T00:00:00"}',
    '{"who": "root", "pid": 1, "action": "stop", "since": 7}', '[]', '{}', "no JSON",
])
def test_a_lock_whose_file_says_nothing_sensible_is_waited_for_all_the_same(tmp_path, left):
    with Locks(tmp_path, 1).hold("web", "upgrade", print):
        (tmp_path / "web.lock").write_text(left)
        with pytest.raises(KollaError, match="locked by another kolla command"):
            with Locks(tmp_path, 0).hold("web", "stop", lambda text: None):
                pass


def test_who_only_looks_whether_a_lock_is_held_is_not_taken_for_its_holder(tmp_path, monkeypatch):
    monkeypatch.setattr("kolla.store.locks.LOOK", 60)  # not even on a machine that is busy
    told, look = [], contextlib.ExitStack()

    class Moment(threading.Event):
        """Which is all that the look takes."""

        def wait(self, timeout=None):
            look.close()
            return False

    assert try_lock(look.enter_context(lock_file(tmp_path / "web.lock")), shared=True)
    with Locks(tmp_path, timeout=0).hold("web", "upgrade", told.append, Moment()):
        pass
    assert not told


def test_of_several_who_look_at_a_lock_none_takes_another_for_its_holder(tmp_path):
    locks = Locks(tmp_path, timeout=0)
    with locks.hold("web", "upgrade", print):
        assert locks.held("web")
    with ThreadPoolExecutor(4) as pool:
        assert not any(pool.map(lambda _: locks.held("web"), range(500)))


def test_locks_of_two_containers_do_not_block_each_other(tmp_path):
    locks = Locks(tmp_path, timeout=0)
    with locks.hold("web", "upgrade", print), locks.hold("worker", "upgrade", print):
        assert locks.held("web") and locks.held("worker")


def test_where_a_command_leads_its_container_is_seen_for_as_long_as_it_lives(tmp_path):
    locks = Locks(tmp_path, timeout=0)
    with locks.hold("web", "upgrade", print) as held:
        assert not locks.moves(["web"])
        held.show("2026.2")
        move = locks.moves(["web", "other"])["web"]
        assert move.release == "2026.2" and f"upgrade (process {os.getpid()})" in move.holder
        left = (tmp_path / "web.lock").read_text()
    assert not locks.moves(["web"])
    (tmp_path / "web.lock").write_text(left)  # as by one that was killed
    assert not locks.moves(["web"])

"""Copies of the state file, and what comes back from one."""

import datetime
import sqlite3

import pytest

from kolla.errors import KollaError
from kolla.store.copies import Copies
from kolla.store.locks import Locks
from kolla.store.store import Store
from tests.unit.support.factory import make_spec


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path)
    store.begin("web", make_spec(), {}, "a test")
    store.commit("web", 1)
    return store


@pytest.fixture
def copies(store, tmp_path):
    return Copies(store.path, tmp_path / "copies", keep=3)


def today(copies):
    return copies.folder / f"kolla-{datetime.datetime.now(datetime.UTC):%Y-%m-%d}.sqlite"


def restore(copies, tmp_path, source=None):
    return copies.restore(copies.read(source or today(copies)), tmp_path / "locks")


def test_a_copy_has_what_is_only_in_the_log_of_the_state_file(store, copies):
    copies.take()
    with sqlite3.connect(today(copies)) as db:
        assert db.execute("SELECT current FROM containers").fetchall() == [(1,)]
    assert today(copies).stat().st_mode & 0o777 == 0o600


def test_the_oldest_copies_go_and_that_of_today_stays_whatever_the_clock_says(store, copies):
    copies.folder.mkdir()
    for name in ("kolla-2024-01-01", "kolla-2024-01-02", "kolla-2024-01-03", "kolla-2099-01-01"):
        (copies.folder / f"{name}.sqlite").write_bytes(b"an old one")
    copies.take()
    left = {path.stem for path in copies.folder.iterdir()}
    assert left == {"kolla-2024-01-03", "kolla-2099-01-01", today(copies).stem}


@pytest.mark.parametrize("earlier", range(8))
def test_as_many_copies_stay_as_are_to_be_kept(store, tmp_path, earlier):
    copies = Copies(store.path, tmp_path / "copies", keep=7)
    copies.folder.mkdir()
    for day in range(1, earlier + 1):
        (copies.folder / f"kolla-2024-01-0{day}.sqlite").write_bytes(b"an old one")
    copies.take()
    assert len([*copies.folder.iterdir()]) == min(earlier + 1, 7)


def test_a_state_file_that_knows_nothing_pushes_out_no_copy(tmp_path):
    copies = Copies(Store(tmp_path).path, tmp_path / "copies", keep=1)
    copies.take()
    assert not copies.folder.exists()


def test_a_broken_state_file_is_not_copied(store, copies):
    store.close()
    store.path.write_bytes(b"broken" * 5000)
    with pytest.raises(KollaError, match="is not a state file that can be read"):
        copies.take()
    assert not copies.folder.exists()


def test_what_is_restored_is_as_it_was_and_numbers_go_on(store, copies, tmp_path):
    copies.take()
    store.begin("web", make_spec(), {}, "after the copy")
    store.commit("web", 2, release_pin="2026.1")
    aside = restore(copies, tmp_path)
    again = Store(tmp_path)
    assert again.container("web").current == 1
    assert again.begin("web", make_spec(), {}, "a test") == 3
    again.restore_pins()
    assert again.container("web").release_pin == "2026.1"
    with sqlite3.connect(aside) as db:
        assert db.execute("SELECT current FROM containers").fetchall() == [(2,)]


def test_a_broken_state_file_is_put_aside_as_it_is(store, copies, tmp_path):
    copies.take()
    store.close()
    store.path.write_bytes(b"broken" * 5000)
    assert restore(copies, tmp_path).read_bytes() == b"broken" * 5000
    assert Store(tmp_path).container("web").current == 1


def test_nothing_is_restored_while_a_command_is_at_work(store, copies, tmp_path):
    copies.take()
    store.update("web", target="stopped")
    locks = Locks(tmp_path / "locks", timeout=0)
    with locks.hold("web", "upgrade", print), pytest.raises(KollaError, match="web is locked by"):
        restore(copies, tmp_path)
    assert Store(tmp_path).container("web").target == "stopped"


@pytest.mark.parametrize("content, said", [
    (b"no database" * 500, "is not a state file that can be read"), (None, "there is no file"),
])
def test_what_is_no_copy_is_refused_before_anything_is_touched(
    store, copies, tmp_path, content, said
):
    source = tmp_path / "source"
    if content:
        source.write_bytes(content)
    with pytest.raises(KollaError, match=said):
        restore(copies, tmp_path, source)
    assert Store(tmp_path).container("web").current == 1


def test_a_copy_of_a_later_kolla_is_refused(store, copies, tmp_path):
    copies.take()
    with sqlite3.connect(today(copies)) as db:
        db.execute("PRAGMA user_version=99")
    with pytest.raises(KollaError, match="later kolla"):
        restore(copies, tmp_path)

"""The copy of the state for users who may look."""

import grp
import os
import sqlite3
import tracemalloc

import pytest

from kolla.errors import KollaError
from kolla.store import published
from kolla.store.published import Published
from kolla.store.state_dir import StateDir
from kolla.store.store import Store
from tests.unit.support.factory import make_spec

#: A group that every Debian has.
GROUP = "nogroup"


@pytest.fixture
def state_dir(tmp_path):
    """One generation with the fingerprint of a secret, and a configuration."""
    store = Store(tmp_path / "state")
    store.begin("web", make_spec(), {"web.password": "0123fingerprint"}, "start")
    store.commit("web", 1)
    store.close()
    StateDir(tmp_path / "state").last_valid.write_text("[DEFAULT]\nrelease = 2026.1\n")
    return tmp_path / "state"


@pytest.fixture
def shown(state_dir, tmp_path):
    return Published(state_dir, tmp_path / "shown", GROUP)


def test_only_the_group_may_read_the_copy_and_nobody_may_write(shown, tmp_path):
    shown.refresh()
    folder = tmp_path / "shown"
    assert folder.stat().st_mode & 0o7777 == 0o750
    for path in (folder, folder / "kolla.sqlite", folder / "kolla.conf"):
        assert (path.stat().st_uid, path.stat().st_gid) == (0, grp.getgrnam(GROUP).gr_gid)
    for path in (folder / "kolla.sqlite", folder / "kolla.conf"):
        assert path.stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in folder.iterdir()) == ["kolla.conf", "kolla.sqlite"]


def test_no_fingerprint_of_a_secret_is_left_in_it(shown, tmp_path):
    shown.refresh()
    for path in (tmp_path / "shown").iterdir():
        assert b"0123fingerprint" not in path.read_bytes()
    db = sqlite3.connect(f"file:{tmp_path}/shown/kolla.sqlite?immutable=1", uri=True)
    assert db.execute("SELECT name FROM containers").fetchall() == [("web",)]
    db.close()


def test_it_is_made_anew_only_after_a_change(shown, state_dir, tmp_path):
    shown.refresh()
    made = (tmp_path / "shown" / "kolla.sqlite").stat().st_ino
    shown.refresh()
    assert (tmp_path / "shown" / "kolla.sqlite").stat().st_ino == made
    store = Store(state_dir)
    store.update("web", health="healthy")
    shown.refresh()
    store.close()
    assert (tmp_path / "shown" / "kolla.sqlite").stat().st_ino != made


def test_a_large_state_is_copied_without_being_read_into_memory(shown, state_dir):
    store = Store(state_dir)
    for _ in range(300):
        event = store.open_event("upgrade", "web", 1)
        store.close_event(event, "failed", 1.0, "no", "e" * 100_000)
    store.close()
    size = StateDir(state_dir).database.stat().st_size
    tracemalloc.start()
    shown.refresh()
    python = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert python < size / 10


def test_without_a_group_it_is_removed(shown, state_dir, tmp_path):
    shown.refresh()
    Published(state_dir, tmp_path / "shown", "").refresh()
    assert not (tmp_path / "shown").exists()


def test_what_another_deployment_shows_is_left_alone(shown, tmp_path):
    shown.refresh()
    Published(tmp_path / "other", tmp_path / "shown", "").refresh()
    assert (tmp_path / "shown" / "kolla.sqlite").exists()


def test_the_units_of_systemd_let_it_be_made(shown, tmp_path, monkeypatch):
    """They forbid setuid and setgid bits, on folders too (RestrictSUIDSGID)."""
    def forbidding(change):
        def changed(path, mode, **how):
            if mode & 0o6000:
                raise PermissionError(1, "Operation not permitted")
            return change(path, mode, **how)
        return changed

    for name in ("chmod", "fchmod"):
        monkeypatch.setattr(os, name, forbidding(getattr(os, name)))
    shown.refresh()
    gid = grp.getgrnam(GROUP).gr_gid
    assert {path.stat().st_gid for path in (tmp_path / "shown").iterdir()} == {gid}


def test_what_is_written_during_a_copy_is_in_the_next_one(
    shown, state_dir, tmp_path, monkeypatch
):
    copy = published._copy_without_fingerprints

    def interrupted(path, to):
        copy(path, to)
        store = Store(state_dir)
        store.update("web", health="unhealthy")
        store.close()

    monkeypatch.setattr(published, "_copy_without_fingerprints", interrupted)
    shown.refresh()
    monkeypatch.undo()
    shown.refresh()
    assert b"unhealthy" in (tmp_path / "shown" / "kolla.sqlite").read_bytes()


def test_another_folder_takes_the_place_of_the_first(shown, state_dir, tmp_path):
    shown.refresh()
    Published(state_dir, tmp_path / "moved", GROUP).refresh()
    assert not (tmp_path / "shown").exists() and (tmp_path / "moved" / "kolla.sqlite").exists()


@pytest.mark.parametrize("content", [
    {"kolla.conf": "[DEFAULT]\nreaders = nogroup\n"}, {"kolla.sqlite": ""}, {"docker.sock": ""},
    {"kolla.conf": "\n[DEFAULT]\nstate_dir = {shown}\n", "locks": ""},
])
def test_a_folder_with_anything_else_stays_as_it_is(shown, tmp_path, content):
    """Such as /etc/kolla, the state itself, or /run."""
    folder = tmp_path / "shown"
    folder.mkdir(mode=0o755)
    for name, text in content.items():
        (folder / name).write_text(text.format(shown=folder))
    with pytest.raises(KollaError, match="is not kolla's own folder"):
        shown.refresh()
    assert folder.stat().st_mode & 0o7777 == 0o755 and folder.stat().st_gid == 0
    assert {path.name: path.read_text() for path in folder.iterdir()} == {
        name: text.format(shown=folder) for name, text in content.items()}


def test_what_a_killed_command_left_is_replaced(shown, state_dir, tmp_path):
    shown.refresh()
    (tmp_path / "shown" / "kolla.sqlite").unlink()
    (tmp_path / "shown" / ".kolla.sqlite-draft").write_text("half")
    shown.refresh()
    assert (tmp_path / "shown" / "kolla.sqlite").exists()


def test_a_file_in_its_place_is_an_error(shown, tmp_path):
    (tmp_path / "shown").write_text("")
    with pytest.raises(KollaError, match="cannot be made"):
        shown.refresh()


@pytest.mark.parametrize("trap", ["link", "foreign"])
def test_a_folder_that_is_not_ours_is_not_used(shown, tmp_path, trap):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    if trap == "link":
        (tmp_path / "shown").symlink_to(elsewhere)
    else:
        (tmp_path / "shown").mkdir()
        os.chown(tmp_path / "shown", 65534, 65534)
    with pytest.raises(KollaError, match="is not kolla's own folder"):
        shown.refresh()
    assert list(elsewhere.iterdir()) == []


def test_a_group_that_does_not_exist_is_named_with_what_to_do(state_dir, tmp_path):
    with pytest.raises(KollaError) as raised:
        Published(state_dir, tmp_path / "shown", "no-such-group").refresh()
    assert "no-such-group" in raised.value.message and "groupadd" in raised.value.hint

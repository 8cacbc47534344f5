"""The drains of services that finish what they are at work on; neither broker nor database."""

import contextlib
import importlib
import sys
import types

import pytest


@pytest.fixture
def quick(tools, monkeypatch):
    monkeypatch.setattr(importlib.import_module("kolla_image.idle"), "PAUSE", 0)


class Database:
    """Has these rows, one look after the other."""

    def __init__(self, *looks: list[str]):
        self._looks, self.asked = list(looks), []

    @contextlib.contextmanager
    def opened(self):
        yield self

    def execute(self, statement: str, known: dict[str, str]) -> list[tuple[str]]:
        self.asked.append((statement, known))
        return [(name,) for name in self._looks.pop(0)]


@pytest.mark.parametrize("table, known", [
    ("volumes", {"backend": "a@%"}), ("backups", {"host": "a"}),
])
def test_cinder_waits_for_what_this_host_is_at_work_on_and_tells_changes(
    quick, sqlalchemy, load, monkeypatch, capsys, table, known
):
    idle = load("cinder-volume", "bin", "kolla-cinder-idle")
    database = Database(["two", "one"], ["one", "two"], ["two"], [])
    monkeypatch.setattr(idle, "opened", database.opened)
    monkeypatch.setenv("KOLLA_HOST", "a")
    monkeypatch.setattr("sys.argv", ["kolla-cinder-idle", table])
    idle.main()
    assert capsys.readouterr().out == "waiting for one, two\nwaiting for two\n"
    assert [asked for _, asked in database.asked] == 4 * [known]
    assert all(f"FROM {table} " in statement for statement, _ in database.asked)


@pytest.fixture
def compute(quick, load, monkeypatch):
    """``compute(name, conductor)``: a script of nova-compute's image, with what plays Nova."""
    class MessagingException(Exception):
        pass

    def script(name: str, **conductor):
        found = types.SimpleNamespace(**conductor)
        known = types.SimpleNamespace(Conductor=lambda: found)
        monkeypatch.setitem(sys.modules, "kolla_compute", known)
        monkeypatch.setitem(
            sys.modules, "oslo_messaging",
            types.SimpleNamespace(MessagingException=MessagingException))
        monkeypatch.setattr("sys.argv", [name])
        return load("nova-compute", "bin", name)

    return script


def test_nova_waits_until_no_virtual_machine_has_a_task(compute, capsys):
    looks = [["one (spawning)"], ["one (spawning)"], []]
    compute("kolla-compute-idle", busy=lambda: looks.pop(0)).main()
    assert (looks, capsys.readouterr().out) == ([], "waiting for one (spawning)\n")


def test_a_conductor_that_does_not_answer_is_told_on_one_line(compute):
    def busy():
        raise idle.MessagingException("Remote error: DBError\n['Traceback ...']")

    idle = compute("kolla-compute-idle", busy=busy)
    with pytest.raises(SystemExit) as ended:
        idle.main()
    assert str(ended.value) == (
        "kolla-compute-idle: the conductor does not answer: Remote error: DBError")


@pytest.mark.parametrize("known, kept, refused", [
    (["an-identity"], False, True), (["an-identity"], True, False), ([], False, False),
])
def test_a_host_that_has_lost_who_it_is_is_refused(
    compute, monkeypatch, tmp_path, known, kept, refused
):
    identity = compute("kolla-compute-identity", nodes=lambda: known)
    monkeypatch.setattr(identity, "IDENTITY", tmp_path / "compute_id")
    if kept:
        identity.IDENTITY.touch()
    with pytest.raises(SystemExit) if refused else contextlib.nullcontext() as ended:
        identity.main()
    if refused:
        assert str(ended.value).startswith("kolla-compute-identity: Nova knows this host as an-id")


def test_a_new_cloud_without_a_conductor_refuses_no_host(compute, monkeypatch, tmp_path):
    asked = []

    def nodes():
        asked.append("the conductor")
        raise identity.MessagingException("nobody answers")

    identity = compute("kolla-compute-identity", nodes=nodes)
    monkeypatch.setattr(identity, "IDENTITY", tmp_path / "compute_id")
    identity.main()
    assert asked

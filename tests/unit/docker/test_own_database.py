"""How the scripts of images reach their database, and what they say if they cannot."""

import contextlib
import functools
import importlib
import socket
import sys
import threading
import types

import pytest

#: A port at which nobody is.
NOBODY = 1


@pytest.fixture
def own(sqlalchemy, monkeypatch):
    module = importlib.import_module("kolla_image.own_database")
    monkeypatch.setattr("sys.argv", ["/usr/local/bin/kolla-probe"])
    return module


@contextlib.contextmanager
def played(answer: bytes):
    """The port of a server that greets one client so, and waits for it to go, but not for ever."""
    def serve() -> None:
        with contextlib.suppress(OSError):
            with listener.accept()[0] as client:
                client.settimeout(20)
                client.sendall(answer)
                client.recv(1)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(30)
        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


def refusal(number: int, text: str) -> bytes:
    """As MariaDB says it instead of a greeting."""
    body = b"\xff" + number.to_bytes(2, "little") + b"#HY000" + text.encode()
    return len(body).to_bytes(3, "little") + b"\0" + body


def configure(monkeypatch, port: int) -> None:
    monkeypatch.setenv(
        "OS_DATABASE__CONNECTION", f"mysql+pymysql://cinder:secret@127.0.0.1:{port}/cinder")


def ending(own, monkeypatch, port: int) -> SystemExit:
    configure(monkeypatch, port)
    with pytest.raises(SystemExit) as ended, own.opened():
        pytest.fail("it has found a database")
    return ended.value


@pytest.mark.parametrize("number", [1044, 1045, 1049, 1146, 1698])
def test_what_a_new_service_lacks_can_be_expected(own, monkeypatch, number):
    with played(refusal(number, "not yet")) as port:
        ended = ending(own, monkeypatch, port)
    assert isinstance(ended, own.NotYet)
    assert str(ended).endswith(f"the database 127.0.0.1:{port}/cinder cannot be used: not yet")


def test_another_refusal_ends_the_program_with_one_line_without_the_password(own, monkeypatch):
    with played(refusal(1040, "Too many\nconnections")) as port:
        ended = ending(own, monkeypatch, port)
    assert not isinstance(ended, own.NotYet)
    assert str(ended) == (f"kolla-probe: the database 127.0.0.1:{port}/cinder cannot be used: "
                          "Too many connections")


def test_a_server_that_accepts_and_says_nothing_is_not_waited_for_for_ever(own, monkeypatch):
    """As one that is frozen does."""
    monkeypatch.setattr(own, "engine", functools.partial(own.engine, answers=0.3))
    with played(b"") as port:
        ended = ending(own, monkeypatch, port)
    assert "timed out" in str(ended) and "secret" not in str(ended)


def test_a_server_that_is_not_there_is_named(own, monkeypatch):
    said = str(ending(own, monkeypatch, NOBODY))
    assert f"127.0.0.1:{NOBODY}/cinder cannot be used" in said and "Connection refused" in said


def test_a_table_that_is_not_there_yet_can_be_expected(own):
    place = own.sqlalchemy.make_url("mysql+pymysql://u:p@192.0.2.1:3306/neutron")
    with pytest.raises(own.NotYet, match="192.0.2.1:3306/neutron has no table ranges"):
        with own.refusals(place):
            raise own.exc.NoSuchTableError("ranges")


def test_what_is_no_url_is_refused_and_not_told(own, monkeypatch):
    monkeypatch.setenv("OS_DATABASE__CONNECTION", "secret")
    with pytest.raises(SystemExit) as ended:
        own.url("OS_DATABASE__CONNECTION")
    assert str(ended.value) == "kolla-probe: OS_DATABASE__CONNECTION is no URL of a database"


def test_a_new_service_has_nothing_to_judge_yet(own, load, monkeypatch):
    monkeypatch.setitem(sys.modules, "heat", types.ModuleType("heat"))
    monkeypatch.setitem(sys.modules, "heat.common", types.SimpleNamespace(crypt=None))
    key, segments = load("heat", "bin", "kolla-heat-key"), load("neutron", "kolla-segment-ranges")
    check = importlib.import_module("kolla_image.upgrade_check")
    for look, nothing in (
        (key.newest, None), (segments.look, segments.Ranges()), (check.is_new, True),
    ):
        with played(refusal(1049, "Unknown database")) as port:
            configure(monkeypatch, port)
            assert look() == nothing


def test_what_is_at_work_is_not_taken_for_nothing_where_there_is_no_database(
    own, load, monkeypatch
):
    monkeypatch.setenv("KOLLA_HOST", "a")
    idle = load("cinder-volume", "bin", "kolla-cinder-idle")
    silent = load("octavia", "bin", "kolla-silent-amphorae")
    for look in (lambda: idle.busy("volumes"), silent.silent):
        with played(refusal(1049, "Unknown database")) as port:
            configure(monkeypatch, port)
            with pytest.raises(SystemExit, match="cannot be used: Unknown database"):
                look()

"""The scripts of keepalived's image: whether this host has the address, and may have it."""

import contextlib
import os
import time
from collections.abc import Iterator

import pytest

from tests.unit.support.web import Handler, served

#: A port at which nobody is.
NOBODY = 1


@pytest.fixture
def check(program, script, tmp_path):
    """``check(state, has)``: what is said where keepalived runs and is in that state."""
    for part in ("", "vrrp_"):
        (tmp_path / f"run/kolla/{part}keepalived.pid").write_text(str(os.getpid()))

    def run(state: str, has: bool):
        program("ip", "echo 2: eth0 inet 192.0.2.10/32" if has else "")
        (tmp_path / "run/kolla/state").write_text(state)
        return script(
            ("keepalived", "kolla-check"), KOLLA_INTERFACE="eth0", KOLLA_ADDRESS="192.0.2.10")

    return run


@pytest.mark.parametrize("state, has, code, said", [
    ("MASTER", True, 0, ""), ("BACKUP", False, 0, ""),
    ("MASTER", False, 1, "it should have given eth0 the address 192.0.2.10"),
    ("FAULT", False, 75, "HAProxy does not work here, or is in maintenance"),
    ("", False, 1, "it has not begun yet"),
])
def test_a_host_without_the_address_it_should_have_is_not_well(check, state, has, code, said):
    ended = check(state, has)
    assert ended.returncode == code and said in ended.stdout + ended.stderr


def test_keepalived_that_has_ended_is_not_well(check, tmp_path):
    (tmp_path / "run/kolla/vrrp_keepalived.pid").unlink()
    assert "keepalived does not run" in check("MASTER", True).stderr


@contextlib.contextmanager
def answering(code: int) -> Iterator[int]:
    """The port of a server that answers so."""
    class Answering(Handler):
        def do_GET(self):
            self.send_response(code)
            self.end_headers()

    with served(Answering) as server:
        yield server.server_port


@pytest.mark.parametrize("haproxy, monitor, may", [
    (200, 200, True), (200, 404, True), (503, 200, False), (200, 503, False),
])
def test_a_host_may_have_the_address_while_haproxy_works_and_the_monitor_has_no_objection(
    script, tmp_path, haproxy, monitor, may
):
    with answering(haproxy) as status, answering(monitor) as told:
        settles(script, tmp_path, status, told, may)


def test_a_monitor_that_is_away_objects_to_nothing(script, tmp_path):
    for monitor in (NOBODY, 0):
        with answering(200) as status:
            settles(script, tmp_path, status, monitor, True)
    settles(script, tmp_path, NOBODY, 0, False)


def settles(script, folder, status: int, monitor: int, may: bool) -> None:
    """keepalived asks each second, and an answer has a second: a busy machine may be late once."""
    (folder / "run/kolla/track.env").write_text(
        f"KOLLA_STATUS_ADDRESS=127.0.0.1\nKOLLA_STATUS_PORT={status}\n"
        f"KOLLA_MONITOR_ADDRESS=127.0.0.1\nKOLLA_MONITOR_PORT={monitor}\n"
    )
    end = time.monotonic() + 30
    while (script(("keepalived", "kolla-track")).returncode == 0) is not may:
        assert time.monotonic() < end

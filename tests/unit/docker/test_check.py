"""kolla-check of the OpenStack images: what is well, dead, busy, or not its own fault."""

import json
import socket
import threading
import time

import pytest

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK"
CLIENT = "HTTP_X_FORWARDED_FOR=192.0.2.1"


@pytest.fixture
def check(load, monkeypatch, tmp_path):
    """The module, in a container of three workers whose parts answer what they are given."""
    module = load("openstack-wsgi", "bin", "kolla-check")
    monkeypatch.setattr(module, "RUN", str(tmp_path))
    monkeypatch.setenv("KOLLA_CHECK_PATH", "/healthcheck")
    return module


@pytest.fixture
def brief(check, monkeypatch):
    """The same, for an answer that never comes: it gives up after a moment."""
    monkeypatch.setattr(check, "TIMEOUT", 0.3)
    return check


@pytest.fixture
def served(tmp_path):
    """``served(part, answer)``: what is answered on a socket; None is silence."""
    listeners = []

    def serve(part: str, answer) -> None:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(tmp_path / f"{part}.sock"))
        listener.listen()
        listeners.append(listener)

        def run() -> None:
            while True:
                try:
                    connection = listener.accept()[0]
                except OSError:
                    return
                request = connection.recv(65536) if part != "stats" else b""
                text = answer(request) if callable(answer) else answer
                if text is None:
                    listeners.append(connection)
                else:
                    connection.sendall(text)
                    connection.close()

        threading.Thread(target=run, daemon=True).start()

    yield serve
    for one in listeners:
        one.close()


def statistics(*requests: str, workers: int = 3, answered: int = 0, since: float = 0) -> bytes:
    """As uWSGI writes them: these requests, the rest of the workers idle."""
    cores = [
        {"requests": answered, "in_request": 1, "vars": [one, ""],
         "req_info": {"request_start": int(time.time() - since)}} for one in requests
    ]
    idle = {"requests": 0, "in_request": 0, "vars": [], "req_info": {}}
    cores += [idle] * (workers - len(cores))
    return json.dumps({"workers": [{"cores": [core]} for core in cores]}).encode()


def verdict(check, *arguments: str) -> tuple[int, str]:
    return check.verdict([*arguments], time.monotonic() + check.TIMEOUT)


def test_well_is_what_answers_200(check, served):
    served("app", OK)
    served("stats", statistics())
    assert verdict(check) == (0, "")


def test_reason_of_the_application_is_passed_on_on_one_line(check, served):
    served("app", b"HTTP/1.1 503 Service Unavailable\r\n\r\nthis\nand that\n")
    assert verdict(check) == (1, "the app answers 503 Service Unavailable: this and that")


def test_application_that_hangs_up_does_not_work(check, served):
    served("app", b"")
    assert verdict(check) == (1, "the app answers nothing")


def test_application_that_is_not_there_does_not_work(check):
    assert verdict(check) == (1, "the app cannot be reached: No such file or directory")


def test_what_is_no_wsgi_application_is_not_asked_for_its_database(check, served, monkeypatch):
    monkeypatch.setenv("KOLLA_APPLICATION", "kolla-console")
    served("app", lambda request: OK if b"/healthcheck" in request else b"HTTP/1.1 404 \r\n\r\n")
    assert verdict(check) == (0, "")


def test_application_without_its_database_is_degraded_not_dead(check, served):
    def answer(request: bytes) -> bytes:
        if b"/kolla-check/database" in request:
            return b"HTTP/1.1 503 Service Unavailable\r\n\r\nthe database cannot be used"
        return OK

    served("app", answer)
    served("stats", statistics())
    assert verdict(check) == (75, "the database cannot be used")
    assert verdict(check, "app") == (0, ""), "whether it works"


def test_silent_database_is_degraded_not_dead(check, served):
    check.TIMEOUT = 2
    served("app", lambda request: None if b"database" in request else OK)
    assert verdict(check) == (75, "the database does not answer in time")


SILENT = "the app does not answer within 0.3 seconds"


def test_application_is_busy_while_its_workers_are_with_clients(brief, served):
    served("app", None)
    served("stats", statistics(CLIENT, CLIENT, CLIENT, since=60))
    assert verdict(brief) == (75, "busy: 3 of 2 workers at work")


def test_application_is_busy_while_answers_leave_it(brief, served):
    answered = iter(range(10))
    served("app", None)
    served("stats", lambda request: statistics(CLIENT, answered=next(answered)))
    assert verdict(brief)[0] == 75


def test_application_that_keeps_silent_to_its_check_alone_is_dead(brief, served):
    served("app", None)
    served("stats", statistics("HTTP_USER_AGENT=kolla-check", CLIENT, CLIENT, since=60))
    assert verdict(brief) == (1, SILENT)


def test_application_with_idle_workers_that_keeps_silent_is_dead(brief, served):
    served("app", None)
    served("stats", statistics())
    assert verdict(brief) == (1, SILENT)


def test_workers_that_have_been_at_the_same_requests_for_hours_are_dead(brief, served):
    served("app", None)
    served("stats", statistics(CLIENT, CLIENT, CLIENT, since=7200))
    assert verdict(brief) == (1, SILENT)


def test_client_that_calls_itself_the_check_is_a_client(brief, served):
    served("app", None)
    served("stats", statistics(*[CLIENT] * 3).replace(
        CLIENT.encode(), CLIENT.encode() + b'", "HTTP_USER_AGENT=kolla-check'))
    assert verdict(brief)[0] == 75


def test_control_characters_of_a_client_do_not_hide_that_it_is_busy(brief, served):
    served("app", None)
    served("stats", statistics(*[CLIENT] * 3).replace(b"192.0.2.1", b"192.0.2.1 \x1b\x01\xff"))
    assert verdict(brief)[0] == 75


def test_application_whose_clients_leave_no_worker_for_long_is_busy(check, served):
    served("app", OK)
    served("stats", statistics(CLIENT, CLIENT, since=30))
    assert verdict(check) == (75, "busy: 2 of 2 workers at work")


def test_worker_that_is_left_is_no_reason_to_call_it_busy(check, served):
    served("app", OK)
    served("stats", statistics(CLIENT, since=30))
    assert verdict(check) == (0, "")


def test_requests_of_a_moment_are_no_reason_to_call_it_busy(check, served):
    served("app", OK)
    served("stats", statistics(CLIENT, CLIENT, since=1))
    assert verdict(check) == (0, "")

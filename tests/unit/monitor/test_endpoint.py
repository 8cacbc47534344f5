"""The endpoint answers load balancers at once, even beside slow and broken clients."""

import concurrent.futures
import contextlib
import http.client
import json
import logging
import socket
import threading
import time

import pytest
from prometheus_client import CollectorRegistry
from tests.unit.support.view import View

from kolla.monitor import endpoint as module
from kolla.monitor.endpoint import Endpoint
from kolla.monitor.metrics import Metrics


@pytest.fixture(autouse=True)
def quick_end(monkeypatch):
    monkeypatch.setattr(module._Server, "timeout", 0.02)


@pytest.fixture
def view():
    return View()


@contextlib.contextmanager
def serving(view, address="127.0.0.1", port=0):
    made = Endpoint(address, port, view, Metrics(view).registry)
    made.start()
    try:
        yield made
    finally:
        made.stop()


@pytest.fixture
def served(view):
    with serving(view) as made:
        yield made


def ask(served, path: str, method: str = "GET"):
    connection = http.client.HTTPConnection(served.address, served.port, timeout=30)
    with contextlib.closing(connection):
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode(), answer.headers


def answer(served, path: str):
    status, text, _ = ask(served, path)
    return status, json.loads(text)


@pytest.mark.parametrize("path", ["/healthcheck", "/metrics", "/nothing"])
def test_nobody_is_told_which_python_answers(served, path):
    _, _, headers = ask(served, path)
    assert headers.get_all("Server") == ["kolla"]


def connect(served) -> socket.socket:
    return socket.create_connection((served.address, served.port), timeout=15)


def test_a_set_is_200_while_it_is_healthy_and_503_otherwise(served, view):
    assert answer(served, "/sets/front")[0] == 200
    view.set("web", "unhealthy")
    status, page = answer(served, "/sets/front")
    assert status == 503
    assert page["status"] == "degraded"
    assert page["children"] == {"web": "unhealthy", "worker": "healthy"}
    assert page["detail"] == "web: its check fails"
    assert page["since"] == "2026-01-02T00:00:00.000+00:00"
    assert page["age"] > 0
    assert answer(served, "/sets/cloud")[1]["children"] == {
        "database": "healthy", "front": "degraded",
    }


@pytest.mark.parametrize("status", [
    "starting", "maintenance", "degraded", "paused", "unknown", "unhealthy", "failed", "stopped",
    "absent",
])
def test_a_container_is_503_whatever_keeps_it_from_being_healthy(served, view, status):
    assert answer(served, "/containers/web")[0] == 200
    view.set("web", status, restarts=2, probation=True)
    code, page = answer(served, "/containers/web")
    assert code == 503
    assert page.pop("age") > 0 and page.pop("detail")
    assert page == {
        "container": "web", "status": status, "since": "2026-01-02T00:00:00.000+00:00",
        "generation": 3, "restarts": 2, "probation": True, "serves": False,
        "pin": None,
    }


def test_what_was_healthy_when_the_engine_fell_silent_keeps_its_requests(served, view):
    for name in ("web", "worker"):
        view.set(name, "unknown", trusted=True)
    assert answer(served, "/containers/web")[0] == 200
    status, page = answer(served, "/sets/front")
    assert (status, page["serves"]) == (200, True)
    assert page["children"] == {"web": "unknown", "worker": "unknown"}
    view.set("worker", "unknown")
    assert answer(served, "/sets/front")[0] == 503


def test_the_overview_names_everything(served, view):
    view.set("worker", "failed")
    assert answer(served, "/") == (200, {
        "configuration": {"valid": True, "problems": []}, "pins": {},
        "sets": {"cloud": "degraded", "front": "degraded"},
        "containers": {"database": "healthy", "web": "healthy", "worker": "failed"},
    })


def test_pins_and_a_configuration_that_is_not_in_force_are_told(served, view):
    view.wrong = ["kolla.conf:7"]
    view.set("web", "healthy", pin="sha256:" + "ab" * 32)
    page = answer(served, "/")[1]
    assert page["configuration"] == {"valid": False, "problems": ["kolla.conf:7"]}
    assert page["pins"] == {"web": "abababababab"}
    assert answer(served, "/containers/web")[1]["pin"] == "abababababab"


@pytest.mark.parametrize("path, error", [
    ("/sets/fronz", "there is no container set 'fronz'; did you mean 'front'?"),
    ("/sets/web", "there is no container set 'web'"),
    ("/containers/wbe", "there is no container 'wbe'; did you mean 'web'?"),
    ("/containers/" + "x" * 50000, f"there is no container '{'x' * 100}'"),
    ("/containers/%00%ff%0d%0aSet-Cookie:x", "there is no container '\\x00ÿ\\r\\nSet-Cookie:x'"),
    ("/set/front", "there is no page '/set/front'"),
    ("/sets/front/web", "there is no page '/sets/front/web'"),
    ("/sets/", "there is no page '/sets/'"),
    ("/../etc/passwd", "there is no page '/../etc/passwd'"),
])
def test_what_nobody_knows_is_404_and_names_the_nearest(served, path, error):
    status, page = answer(served, path)
    assert (status, page["error"]) == (404, error)


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
@pytest.mark.parametrize("path, status", [
    ("/", 200), ("/sets/front", 503), ("/sets/front/", 503), ("/containers/worker", 200),
    ("/sets/no", 404), ("/metrics", 200),
])
def test_load_balancers_may_ask_with_head_and_options(served, view, method, path, status):
    view.set("web", "unhealthy")
    code, text, _ = ask(served, path, method)
    assert code == status
    assert method == "OPTIONS" or text == ""


@pytest.mark.parametrize("path", ["/sets/front", "/metrics", "/"])
def test_nothing_can_be_written(served, path):
    status, _, headers = ask(served, path, "POST")
    assert (status, headers["Allow"]) == (405, "GET, HEAD, OPTIONS")


@pytest.mark.parametrize("path", ["/", "/sets/front", "/containers/web", "/metrics"])
def test_what_a_check_wrote_is_served_to_nobody(served, view, path):
    view.set("web", "unhealthy")
    assert "secret" not in ask(served, path)[1]


def test_metrics_are_prometheus_text(served):
    status, text, headers = ask(served, "/metrics")
    assert status == 200 and headers["Content-Type"].startswith("text/plain")
    assert 'kolla_set_status{set="front",status="healthy"} 1.0' in text


def test_a_bug_is_500_and_one_line_and_the_next_request_is_answered(served, view, caplog):
    def broken():
        raise RuntimeError("odd")

    view.conditions = broken
    assert answer(served, "/containers/web") == (500, {"error": "a bug in kolla"})
    del view.conditions
    assert answer(served, "/containers/web")[0] == 200
    assert caplog.messages == ["the endpoint has a bug: RuntimeError: odd"]


@pytest.mark.parametrize("address", ["::1", "::"])
def test_it_listens_on_ipv6(view, address):
    with serving(view, address) as made:
        made.address = "::1"
        assert answer(made, "/sets/front")[0] == 200


# Clients that are broken

@pytest.mark.parametrize("rubbish", [
    b"", b"\0\xff" * 1000, b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET /" + b"x" * 100_000,
    b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 1000 + b"\r\n", b"GET / HTTP/1.1\r\nContent-Length: -1",
])
def test_rubbish_harms_nothing(served, rubbish, capsys, caplog):
    with connect(served) as client, contextlib.suppress(ConnectionError):
        client.sendall(rubbish)
    assert answer(served, "/sets/front")[0] == 200
    assert not capsys.readouterr().err and not caplog.messages


def test_clients_that_say_nothing_do_not_keep_others_waiting(served):
    with contextlib.ExitStack() as stack:
        for _ in range(module.MOST * 3):
            stack.enter_context(connect(served))
        for _ in range(5):
            began = time.monotonic()
            assert answer(served, "/sets/front")[0] == 200
            assert time.monotonic() - began < module.PATIENCE


def test_clients_that_come_first_go_first_and_threads_stay_few(served):
    before = threading.active_count()
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(connect(served)) for _ in range(module.MOST + 20)]
        answer(served, "/")
        clients[0].settimeout(5)
        assert clients[0].recv(1) == b""
        deadline = time.monotonic() + 10  # those of clients that went end in a moment
        while threading.active_count() - before > module.MOST + 2:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_a_client_that_dribbles_is_cut_off_in_time(view, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE", 1)
    with serving(view) as made, connect(made) as client:
        began = time.monotonic()
        with contextlib.suppress(ConnectionError):
            while time.monotonic() - began < 60:
                client.sendall(b"G")
                time.sleep(0.1)
        assert time.monotonic() - began < 60


def test_a_client_that_reads_nothing_is_cut_off_in_time(view, monkeypatch, capsys):
    monkeypatch.setattr(module, "PATIENCE", 1)
    view.containers |= {f"c{n}": view.containers["web"] for n in range(20_000)}
    with serving(view) as made:
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        client.connect((made.address, made.port))
        client.sendall(b"GET / HTTP/1.0\r\n\r\n")
        began = time.monotonic()
        while made._server._since or time.monotonic() < began + 1:
            assert time.monotonic() < began + 60
            time.sleep(0.1)
        client.close()
    assert not capsys.readouterr().err


def test_many_at_a_time_are_all_answered(served):
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        codes = pool.map(lambda _: answer(served, "/sets/front")[0], range(400))
        assert set(codes) == {200}


# Ports

def test_a_taken_port_is_one_warning_and_is_had_once_it_is_free(view, monkeypatch, caplog):
    monkeypatch.setattr(module, "RETRY", 0.2)
    caplog.set_level(logging.WARNING)
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        made = Endpoint("127.0.0.1", port, view, CollectorRegistry())
        made.start()
        time.sleep(0.7)
        (warning,) = caplog.messages
        assert f"port {port} of 127.0.0.1 is in use by " in warning
    deadline = time.monotonic() + 60
    while len(caplog.messages) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert caplog.messages[1:] == [f"the endpoint listens on port {port} of 127.0.0.1"]
    assert answer(made, "/sets/front")[0] == 200
    made.stop()


def test_an_address_that_is_not_there_yet_is_waited_for(view, caplog):
    with serving(view, "192.0.2.77", 9555):
        (warning,) = caplog.messages
        assert "this host does not have the address 192.0.2.77" in warning


def test_after_stop_the_port_is_free_and_nobody_is_left(view):
    threads = threading.active_count()
    with serving(view) as made, connect(made) as client:
        answer(made, "/")
        made.stop()
        assert client.recv(1) == b""
        with socket.create_server((made.address, made.port)):
            pass
        made.start = None
    deadline = time.monotonic() + 60
    while threading.active_count() > threads and time.monotonic() < deadline:
        time.sleep(0.05)
    assert threading.active_count() == threads

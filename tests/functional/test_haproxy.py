"""A real HAProxy sends requests only to hosts whose monitor says that all is well there.

The configuration is the one in the guide, with other addresses.
"""

import collections
import contextlib
import http.server
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request

import pytest

from kolla import network
from tests.functional.conftest import ADDRESSES, ROOT
from tests.functional.support.endpoint import monitor
from tests.functional.support.monitoring import checked, set_mood, wait_for_checks
from tests.functional.support.watching import asking, get, until

SAMPLE = ROOT / "doc" / "source" / "samples" / "haproxy.cfg"
SERVICE, ENDPOINT = 5000, 9555
QUICK = "inter 100ms"


class Service(http.server.BaseHTTPRequestHandler):
    """Says which host it is."""

    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.server.server_address[0].encode())

    def log_message(self, *arguments):
        pass


class Balanced:
    """Two hosts with a service and a monitor each, and a HAProxy before them."""

    def __init__(self, address: str, hosts: tuple[str, str], monitors: list):
        self.address, self.hosts, self.monitors = address, hosts, monitors

    def ask(self) -> str:
        """The host that answers."""
        url = f"http://{self.address}:{SERVICE}/"
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return answer.read().decode()
        except urllib.error.HTTPError as error:
            return str(error.code)

    def answers(self, *expected: str) -> bool:
        """Whether soon just these answer, and no request fails from then on."""
        deadline = time.monotonic() + 20
        while set(seen := collections.Counter(self.ask() for _ in range(10))) != set(expected):
            assert time.monotonic() < deadline, f"{seen}, not {expected}"
        return {self.ask() for _ in range(50)} <= set(expected)


@contextlib.contextmanager
def service(host: str):
    server = http.server.ThreadingHTTPServer((host, SERVICE), Service)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield
    server.shutdown()
    server.server_close()


@contextlib.contextmanager
def haproxy(configuration: str, folder, address: str):
    path = folder / "haproxy.cfg"
    path.write_text(configuration)
    process = subprocess.Popen(["haproxy", "-db", "-f", path], stderr=subprocess.DEVNULL)
    try:
        while network.problem(address, SERVICE) is None:
            assert process.poll() is None
            time.sleep(0.05)
        yield
    finally:
        process.kill()
        process.wait()


def adapted(changes: dict[str, str]) -> str:
    """The configuration of the guide, with all of these changes."""
    text = SAMPLE.read_text()
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    return text


@pytest.fixture(params=["GET /containers/web", "/sets/front", "OPTIONS /sets/front",
                        "HEAD /containers/web"])
def balanced(request, tmp_path):
    address, *hosts = (next(ADDRESSES) for _ in range(3))
    changes = {
        "192.0.2.10": address, "192.0.2.11": hosts[0], "192.0.2.12": hosts[1],
        "inter 2s": QUICK, "GET /containers/keystone": request.param,
    }
    text = adapted(changes)
    with contextlib.ExitStack() as stack:
        for host in hosts:
            stack.enter_context(service(host))
        monitors = [stack.enter_context(monitor(host, ENDPOINT)) for host in hosts]
        stack.enter_context(haproxy(text, tmp_path, address))
        yield Balanced(address, tuple(hosts), monitors)


def test_requests_go_where_the_service_is_healthy(balanced):
    one, two = balanced.hosts
    assert balanced.answers(one, two)
    balanced.monitors[0].set("web", "unhealthy")
    assert balanced.answers(two)
    balanced.monitors[1].set("web", "maintenance")
    assert balanced.answers("503")
    balanced.monitors[0].set("web", "healthy")
    assert balanced.answers(one)
    balanced.monitors[0].kill()
    balanced.monitors[1].set("web", "healthy")
    assert balanced.answers(two)


# With `kolla monitor` and a container

HTTP = "synthetic-http"


@pytest.fixture
def monitored(cared_for, tmp_path):
    """The synthetic service under watch, the monitor, and what HAProxy before it answers."""
    (deployment, watching), address = cared_for, next(ADDRESSES)
    text = adapted({
        "192.0.2.10": address, "192.0.2.11:5000": f"{deployment.address}:18999",
        "server control2": "# server control2", "inter 2s": "inter 500ms",
        "GET /containers/keystone": f"GET /containers/{HTTP}",
    })

    def ask() -> str:
        with contextlib.suppress(OSError, AssertionError):
            return get(address, SERVICE, "/generation")
        return "nobody"

    with haproxy(text, tmp_path, address):
        until(lambda: ask() == "1")
        yield deployment, watching, ask


@pytest.mark.exhaustive
def test_a_service_that_is_ill_or_in_maintenance_or_stopped_gets_no_requests(monitored):
    deployment, _, ask = monitored
    set_mood(deployment, HTTP, "sick")
    until(lambda: ask() == "nobody")
    set_mood(deployment, HTTP, "")
    until(lambda: ask() == "1")
    deployment.kolla("set", "maintenance", "on", "synthetic")
    until(lambda: ask() == "nobody")
    deployment.kolla("set", "maintenance", "off", "synthetic")
    until(lambda: ask() == "1")
    deployment.kolla("container", "stop", HTTP)
    until(lambda: get_status(deployment, "/sets/synthetic") == 503)


def test_neither_an_upgrade_nor_a_reload_of_the_monitor_loses_a_request(monitored):
    deployment, watching, ask = monitored

    def no_gap() -> str:
        answer = ask()
        assert answer != "nobody"
        return answer

    with asking(no_gap) as answers:
        with asking(lambda: get_status(deployment, f"/containers/{HTTP}")) as statuses:
            delayed = ("--set", "synthetic.http_start_delay=0.1")
            deployment.kolla(*delayed, "container", "upgrade", HTTP)
            answers.wait_for(lambda: answers.given[-1] == "2")
            wait_for_checks(deployment, HTTP, 3)
        watching.process.send_signal(signal.SIGHUP)
        watching.says("watches the containers of", times=2)
        until(lambda: checked(deployment, HTTP))
    assert not answers.failures
    assert set(statuses.given) == {200} and not statuses.failures


def get_status(deployment, path: str) -> int:
    try:
        with urllib.request.urlopen(f"http://{deployment.address}:{ENDPOINT}{path}") as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code

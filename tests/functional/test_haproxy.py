"""A real HAProxy sends requests only to hosts whose monitor says that all is well there.

The configuration is the one in the guide, with other addresses.
"""

import collections
import contextlib
import http.server
import subprocess
import threading
import time
import urllib.error
import urllib.request

import pytest

from kolla import ports
from tests.functional.conftest import ADDRESSES, ROOT
from tests.functional.endpoint import monitor

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
        while ports.problem(address, SERVICE) is None:
            assert process.poll() is None
            time.sleep(0.05)
        yield
    finally:
        process.kill()
        process.wait()


@pytest.fixture(params=["GET /containers/web", "/sets/front", "OPTIONS /sets/front",
                        "HEAD /containers/web"])
def balanced(request, tmp_path):
    address, *hosts = (next(ADDRESSES) for _ in range(3))
    changes = {
        "192.0.2.10": address, "192.0.2.11": hosts[0], "192.0.2.12": hosts[1],
        "inter 2s": QUICK, "GET /containers/keystone": request.param,
    }
    text = SAMPLE.read_text()
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
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

"""HAProxy of kolla: what is asked of the virtual address goes to hosts that are well.

This host runs the synthetic service and a monitor. The other one is a file in hosts/, with a
service and an endpoint that the tests play.
"""

import contextlib
import http.client
import http.server
import os
import signal
import threading
from collections.abc import Iterator

import pytest

from tests.functional.conftest import ADDRESSES
from tests.functional.support.harness import SYNTHETIC, Deployment
from tests.functional.support.monitoring import CONFIGURATION, healthy, monitoring, process_of
from tests.functional.support.watching import asking, get, until

pytestmark = pytest.mark.exhaustive

HTTP, PORT, ENDPOINT = "synthetic-http", 18999, 9555
CLOUD = """\
[host]
enabled = synthetic, haproxy
[api]
virtual_address = {virtual}
proxies = {proxies}
"""


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(self.server.status)
        self.end_headers()
        self.wfile.write(b"other")

    def log_message(self, *arguments):
        pass


class Balanced:
    """This host, the other one's service and endpoint, and the address of both."""

    def __init__(self, host: Deployment, virtual: str, service, endpoint):
        self.host, self.virtual, self.service, self.endpoint = host, virtual, service, endpoint

    def ask(self) -> str:
        """Who answers: a generation of this host, or the other one."""
        return get(self.virtual, PORT, "/generation")

    def answer(self, *expected: str) -> bool:
        """Whether just these answer."""
        return {self.ask() for _ in range(10)} == {*expected}


@contextlib.contextmanager
def server(address: str, port: int) -> Iterator[http.server.ThreadingHTTPServer]:
    made = http.server.ThreadingHTTPServer((address, port), Answer)
    made.handle_error = lambda *which: None  # HAProxy only looks whether a connection is accepted
    made.status = 200
    threading.Thread(target=made.serve_forever, daemon=True).start()
    try:
        yield made
    finally:
        made.shutdown()
        made.server_close()


@pytest.fixture(scope="module")
def balanced(deployment, builder, synthetic_images) -> Iterator[Balanced]:
    builder.only("haproxy")
    virtual, other = next(ADDRESSES), next(ADDRESSES)
    deployment.install_plugin(SYNTHETIC)
    proxies = f"{deployment.address},{other}"
    deployment.configure(CLOUD.format(virtual=virtual, proxies=proxies), "10-host")
    deployment.configure(CONFIGURATION, "20-monitor")
    (deployment.config_dir / "hosts").mkdir()
    for name, address in {deployment.name: deployment.address, "other": other}.items():
        text = f"[host]\nname = {name}\naddress = {address}\n"
        (deployment.config_dir / "hosts" / f"{name}.conf").write_text(text)
    deployment.kolla("config", "passwords")
    with server(other, PORT) as service, server(other, ENDPOINT) as endpoint:
        deployment.kolla("set", "start", timeout=300)
        with monitoring(deployment):
            healthy(deployment)
            made = Balanced(deployment, virtual, service, endpoint)
            until(lambda: made.answer("1", "other"))
            yield made


def test_an_upgrade_and_a_rollback_of_haproxy_lose_no_request(balanced):
    with asking(balanced.ask) as answers:
        balanced.host.kolla("--set", "haproxy.connections=3000", "container", "upgrade", "haproxy")
        balanced.host.kolla("container", "rollback", "haproxy")
    assert not answers.failures and {*answers.given} == {"1", "other"}


def test_a_host_that_leaves_gets_no_more_requests_after_the_upgrade(balanced):
    path = balanced.host.config_dir / "hosts" / "other.conf"
    text = path.read_text()
    with asking(balanced.ask) as answers:
        path.write_text(f"{text}disabled = synthetic\n")
        assert "services.cfg" in balanced.host.kolla("plan", "haproxy", expect=None).stdout
        balanced.host.kolla("container", "upgrade", "haproxy")
        assert balanced.answer("1")
        path.write_text(text)
        balanced.host.kolla("container", "upgrade", "haproxy")
    assert not answers.failures
    until(lambda: balanced.answer("1", "other"))


def test_maintenance_takes_a_host_out_without_a_lost_request(balanced):
    with asking(balanced.ask) as answers:
        balanced.host.kolla("set", "maintenance", "on", "synthetic")
        until(lambda: balanced.answer("other"))
        balanced.host.kolla("set", "maintenance", "off", "synthetic")
        until(lambda: balanced.answer("1", "other"))
        balanced.endpoint.status = 503
        until(lambda: balanced.answer("1"))
        balanced.endpoint.status = 200
        until(lambda: balanced.answer("1", "other"))
    assert not answers.failures


def test_a_new_generation_knows_from_its_first_request_on_which_hosts_are_well(balanced):
    balanced.endpoint.status = 503
    until(lambda: balanced.answer("1"))
    with asking(balanced.ask) as answers:
        balanced.host.kolla("--set", "haproxy.connections=3001", "container", "upgrade", "haproxy")
    balanced.endpoint.status = 200
    assert not answers.failures and {*answers.given} == {"1"}
    until(lambda: balanced.answer("1", "other"))


def test_where_no_monitor_says_that_all_is_well_any_host_serves(balanced):
    balanced.endpoint.status = 503
    until(lambda: balanced.answer("1"))
    with asking(balanced.ask) as answers:
        balanced.host.kolla("set", "maintenance", "on", "synthetic")
        until(lambda: balanced.answer("other", "1"))
        balanced.host.kolla("set", "maintenance", "off", "synthetic")
        balanced.endpoint.status = 200
    assert not answers.failures


def test_haproxy_that_is_killed_serves_again(balanced):
    def serves() -> bool:
        with contextlib.suppress(OSError, AssertionError, http.client.HTTPException):
            return balanced.answer("1", "other")
        return False

    process = process_of(balanced.host, "haproxy")
    os.kill(process, signal.SIGKILL)
    until(lambda: not os.path.exists(f"/proc/{process}"))
    until(serves)


def test_its_status_says_how_the_hosts_are(balanced):
    text = get(balanced.host.address, 9101, "/metrics")
    assert f'haproxy_server_status{{proxy="{HTTP}-{PORT}",server="other",state="UP"}} 1' in text

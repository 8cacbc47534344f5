"""The router of the HTTP images behind HAProxy of a host, which passes TLS on as it is.

Both are Debian's HAProxy, with the configuration that they have in their images.
"""

import contextlib
import http.client
import http.server
import os
import select
import shutil
import socket
import socketserver
import subprocess
import threading
import time

import pytest

from kolla import x509
from kolla.plugin import Listening, shared_folder
from kolla_plugins.high_availability import backends
from tests.unit.plugin.test_haproxy import TELLING, Cloud, Host

pytestmark = pytest.mark.skipif(
    not shutil.which("haproxy"), reason="HAProxy is not installed")
#: No other process of the tests has these addresses.
NETWORK = f"127.{os.getpid() >> 15 & 63 | 128}.{os.getpid() >> 7 & 255}.{{}}".format
FIRST = (os.getpid() & 127) * 2 % 250
HOST, VIRTUAL = NETWORK(FIRST + 1), NETWORK(FIRST + 2)
PORT, TOLD = 18998, 18999
CLIENT, OTHER = "127.0.0.71", "127.0.0.72"


class Refusal(http.server.BaseHTTPRequestHandler):
    """What a service answers whose client has a wrong password."""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.clients.append(self.headers["X-Forwarded-For"])
        self.server.headers = [name.lower() for name in self.headers]
        self.send_response(401)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def address_string(self):
        return "a client"

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def haproxy(path, text: str, **variables: str):
    """A process that has been started, with this configuration."""
    path.write_text(text)
    process = subprocess.Popen(["haproxy", "-db", "-f", path], env=os.environ | variables)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def until_listens(address: str, port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection((address, port)):
            return
        time.sleep(0.02)
    raise AssertionError(f"nothing listens at {address}:{port}")


def log_in(address: str, port: int, source: str, **headers: str) -> int:
    """The status of an answer to a client of that address."""
    client = http.client.HTTPConnection(address, port, 30, (source, 0))
    with contextlib.closing(client):
        client.request("POST", "/v3/auth/tokens", b"{}", headers)
        return client.getresponse().status


ROUTER = {
    "KOLLA_ADDRESS": HOST, "KOLLA_PORT": f"{PORT}", "KOLLA_PROXIED_PORT": f"{TOLD}",
    "KOLLA_CLIENTS": "100", "KOLLA_ROUTER_CLIENTS": "110", "KOLLA_CONNECTIONS": "4",
    "KOLLA_CLIENTS_OF_A_SOURCE": "3", "KOLLA_PROXIES": "", "KOLLA_FAILED_LOGINS": "5",
    # HAProxy comes from the second one: that is so on the loopback interface alone.
    "KOLLA_TRUSTED": f"{HOST},,127.0.0.1,".replace(",", " "),
}


def configuration(folder) -> str:
    """Of the router, with its files in that folder."""
    text = shared_folder("docker", "openstack-wsgi", "haproxy.cfg").read_text()
    return text.replace("/run/kolla", str(folder)).replace("/etc/kolla/tls", str(folder))


@pytest.fixture
def service(tmp_path):
    """It knows its clients, and the names of the headers of the last request."""
    with socketserver.ThreadingUnixStreamServer(f"{tmp_path}/app.sock", Refusal) as service:
        service.clients, service.daemon_threads = [], True
        threading.Thread(target=service.serve_forever, daemon=True).start()
        with haproxy(tmp_path / "router.cfg", configuration(tmp_path), **ROUTER):
            until_listens(HOST, TOLD)
            yield service
        service.shutdown()


@pytest.fixture
def router(service):
    """The clients, as a service knows them that is behind the router."""
    return service.clients


@pytest.fixture
def balancer(router, tmp_path):
    """HAProxy of the same host, which has the virtual address."""
    values = TELLING | {
        "api__virtual_address": VIRTUAL, "host__address": HOST, "monitor__listen_port": 0,
        "api__trusted": [HOST],
    }
    place = Listening("web", "c1", HOST, PORT, "http", TOLD)
    cloud = Cloud(Host(1, **values), listens=(), more=[place])
    base = shared_folder("docker", "haproxy", "haproxy.cfg").read_text()
    # Debian's HAProxy of an earlier release does not know it.
    base = base.replace("    thread-hard-limit 4\n", "    nbthread 1\n")
    base = base.replace("/run/kolla", str(tmp_path))
    with haproxy(
        tmp_path / "balancer.cfg", base + backends.configuration(cloud),
        KOLLA_JOINED="true", KOLLA_SOCKET=f"{tmp_path}/balancer.sock", KOLLA_CONNECTIONS="100",
        KOLLA_STATUS_ADDRESS=VIRTUAL, KOLLA_STATUS_PORT="19101",
    ):
        until_listens(VIRTUAL, PORT)
        yield router


def test_who_guesses_behind_haproxy_has_to_wait_and_nobody_else(balancer):
    assert [log_in(VIRTUAL, PORT, CLIENT) for _ in range(7)] == [401] * 5 + [429] * 2
    assert log_in(VIRTUAL, PORT, OTHER) == 401
    assert [log_in(VIRTUAL, PORT, HOST) for _ in range(7)] == [401] * 7
    assert balancer == [CLIENT] * 5 + [OTHER] + [HOST] * 7


def test_a_client_behind_haproxy_names_no_other_one(balancer):
    assert log_in(VIRTUAL, PORT, CLIENT, **{"X-Forwarded-For": HOST}) == 401
    assert balancer == [CLIENT]


def test_a_client_behind_haproxy_has_so_many_connections_and_takes_none_from_others(balancer):
    """One too many ends at once, without an answer; the others are told that they are silent."""
    with contextlib.ExitStack() as stack:
        opened = [
            stack.enter_context(socket.create_connection((VIRTUAL, PORT), 30, (CLIENT, 0)))
            for _ in range(4)
        ]
        ended, *_ = select.select(opened, [], [], 30)[0]
        with contextlib.suppress(ConnectionResetError):
            assert ended.recv(100) == b""
        assert log_in(VIRTUAL, PORT, OTHER) == 401


def test_only_hosts_of_the_cloud_say_who_their_client_is(router):
    told = b"PROXY TCP4 127.0.0.99 127.0.0.1 1000 5000\r\n"
    request = told + b"POST / HTTP/1.0\r\nContent-Length: 0\r\n\r\n"

    def answered(source: str) -> bytes:
        with contextlib.suppress(ConnectionError):
            with socket.create_connection((HOST, TOLD), 30, (source, 0)) as connection:
                connection.sendall(request)
                return connection.recv(12)
        return b""

    assert answered(HOST) == b"HTTP/1.0 401" and router == ["127.0.0.99"]
    assert answered(CLIENT) == b"" and len(router) == 1


def test_clients_that_come_past_haproxy_are_counted_as_ever(router):
    assert [log_in(HOST, PORT, CLIENT) for _ in range(7)] == [401] * 5 + [429] * 2
    assert log_in(HOST, PORT, OTHER, **{"X-Forwarded-For": CLIENT}) == 401
    assert router[-1] == OTHER


def test_no_header_gets_past_the_router_under_a_name_that_only_a_service_takes_for_it(service):
    """uWSGI has "-" and "_" mean the same: a length, or a kind, that the router does not know."""
    forged = {
        "Content_Length": "1000", "CONTENT_type": "application/x-www-form-urlencoded",
        "Transfer_Encoding": "chunked", "X_Forwarded_For": "192.0.2.1",
        "X-Forwarded_For": "192.0.2.1", "x_forwarded-proto": "https",
    }
    assert log_in(HOST, PORT, CLIENT, **forged, **{"X-Object-Meta-My_key": "kept"}) == 401
    assert [name for name in service.headers if "_" in name] == ["x-object-meta-my_key"]
    assert service.clients == [CLIENT] and "content-length" in service.headers


@pytest.mark.parametrize("variables", [
    {"KOLLA_TLS": "true"}, {"KOLLA_TLS": "true", "KOLLA_PROXIED_PORT": ""},
    {"KOLLA_PROXIED_PORT": ""},
    {"KOLLA_TRANSFERS": "^/v2/", "KOLLA_LOGIN_FORMS": "true",
     "KOLLA_TRANSFERS_OF_A_SOURCE": "2", "KOLLA_TRANSFER_CONNECTIONS": "2"},
])
def test_haproxy_accepts_the_configuration_of_the_router(tmp_path, variables):
    made = x509.new_certificate(x509.new_authority("test"), "test", ["localhost"], 30)
    (tmp_path / "server.crt").write_bytes(made.certificate_pem())
    (tmp_path / "server.crt.key").write_bytes(made.key_pem())
    (tmp_path / "router.cfg").write_text(configuration(tmp_path))
    judged = subprocess.run(
        ["haproxy", "-c", "-f", tmp_path / "router.cfg"],
        env=os.environ | ROUTER | variables, capture_output=True, text=True)
    assert judged.returncode == 0 and "WARNING" not in judged.stderr, judged.stderr

"""The router of the HTTP images: Debian's HAProxy, with the configuration that the images have."""

import contextlib
import http.client
import http.server
import os
import shutil
import socket
import socketserver
import subprocess
import threading
import time

import pytest

from kolla import x509
from kolla.plugin import shared_folder

pytestmark = pytest.mark.skipif(
    not shutil.which("haproxy"), reason="HAProxy is not installed")
#: No other process of the tests has these addresses.
NETWORK = f"127.{os.getpid() >> 15 & 63 | 128}.{os.getpid() >> 7 & 255}.{{}}".format
FIRST = (os.getpid() & 127) * 2 % 250
HOST, PORT = NETWORK(FIRST + 1), 18998
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
    "KOLLA_ADDRESS": HOST, "KOLLA_PORT": f"{PORT}",
    "KOLLA_CLIENTS": "100", "KOLLA_ROUTER_CLIENTS": "110", "KOLLA_CONNECTIONS": "4",
    "KOLLA_CLIENTS_OF_A_SOURCE": "3", "KOLLA_PROXIES": "", "KOLLA_FAILED_LOGINS": "5",
    "KOLLA_TRUSTED": f"{HOST},,".replace(",", " "),
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
            until_listens(HOST, PORT)
            yield service
        service.shutdown()


@pytest.fixture
def router(service):
    """The clients, as a service knows them that is behind the router."""
    return service.clients


def test_who_guesses_has_to_wait_and_nobody_else_whatever_they_call_themselves(router):
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
    {}, {"KOLLA_TLS": "true"},
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

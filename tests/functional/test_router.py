"""The router of the HTTP images, with a service behind it that takes one request at a time.

The configuration is the image's own, with other places of its sockets, on Debian's HAProxy.
"""

import contextlib
import http.client
import os
import socket
import subprocess
import threading

import pytest

from tests.functional.conftest import ADDRESSES, ROOT
from tests.functional.support.watching import until

CONFIGURATION = ROOT / "docker" / "openstack-wsgi" / "haproxy.cfg"
PORT = 5000
#: A host of the cloud.
TRUSTED = next(ADDRESSES)
SETTINGS = {
    "KOLLA_PORT": str(PORT), "KOLLA_CLIENTS": "2000", "KOLLA_ROUTER_CLIENTS": "2010",
    "KOLLA_CLIENTS_OF_A_SOURCE": "500", "KOLLA_CONNECTIONS": "1",
    "KOLLA_PROXIES": "", "KOLLA_TRUSTED": TRUSTED,
}
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Service:
    """Answers one request after the other, once it may, and knows their order."""

    def __init__(self, path: str):
        self.seen: list[str] = []
        self._may = threading.Semaphore(0)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(path)
        self._listener.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            with connection:
                self.seen.append(connection.recv(65536).split()[1].decode())
                self._may.acquire()
                connection.sendall(ANSWER)

    def answer(self, count: int) -> None:
        """So many requests, as soon as they are there."""
        self._may.release(count)


class Router:
    """The process, and clients of it."""

    def __init__(self, address: str, admin: str):
        self._address, self._admin = address, admin

    def send(self, path: str, source: str) -> http.client.HTTPConnection:
        """Send a request and do not wait for what comes of it."""
        client = http.client.HTTPConnection(self._address, PORT, 30, (source, 0))
        client.request("GET", path)
        return client

    def post(self, kind: str, source: str) -> int:
        """Send something of that kind; the status of the answer."""
        client = http.client.HTTPConnection(self._address, PORT, 30, (source, 0))
        with contextlib.closing(client):
            client.request("POST", "/auth/login/", b"a=b", {"Content-Type": kind})
            return client.getresponse().status

    def queued(self) -> int:
        """The requests that wait for a worker."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(self._admin)
            connection.sendall(b"show stat app 2 -1\n")
            lines = connection.makefile().read().splitlines()
        return int(lines[1].split(",")[2])


@pytest.fixture
def routed(request, tmp_path):
    """The router, with further variables if a test gives it some, and the service."""
    address, text = next(ADDRESSES), CONFIGURATION.read_text().replace("/run/kolla", str(tmp_path))
    path = tmp_path / "haproxy.cfg"
    path.write_text(text)
    service = Service(str(tmp_path / "app.sock"))
    told = getattr(request, "param", {})
    settings = {**os.environ, **SETTINGS, "KOLLA_ADDRESS": address, **told}
    process = subprocess.Popen(["haproxy", "-db", "-f", path], env=settings)
    try:
        until((tmp_path / "router.sock").exists)
        yield Router(address, str(tmp_path / "admin.sock")), service
    finally:
        process.kill()
        process.wait()


def test_a_host_of_the_cloud_does_not_wait_behind_its_clients(routed):
    router, service = routed
    with contextlib.ExitStack() as stack:
        def send(path: str, source: str, queued: int) -> None:
            stack.enter_context(contextlib.closing(router.send(path, source)))
            until(lambda: router.queued() == queued)

        for number in range(40):
            send(f"/{number}", TRUSTED, number)
        send("/other", next(ADDRESSES), 40)
        service.answer(41)
        until(lambda: len(service.seen) == 41)
    assert service.seen == [*(f"/{number}" for number in range(40)), "/other"]


def test_requests_are_answered_in_their_order_and_a_crowd_keeps_no_other_waiting(routed):
    router, service = routed
    crowd, other = next(ADDRESSES), next(ADDRESSES)
    with contextlib.ExitStack() as stack:
        def send(path: str, source: str, queued: int) -> None:
            stack.enter_context(contextlib.closing(router.send(path, source)))
            until(lambda: router.queued() == queued)

        for number in range(100):  # the first one is with the service, the others wait
            send(f"/{number}", crowd, number)
        service.answer(60)
        until(lambda: len(service.seen) == 61 and router.queued() == 39)
        for number in range(100, 130):
            send(f"/{number}", crowd, number - 60)
        send("/other", other, 70)
        service.answer(71)
        until(lambda: len(service.seen) == 131)
    mine = [path for path in service.seen if path != "/other"]
    assert mine == [f"/{number}" for number in range(130)]
    assert service.seen.index("/other") == 61, "it waits for the one that is being answered only"


@pytest.mark.parametrize(
    "routed", [{"KOLLA_FAILED_LOGINS": "5", "KOLLA_LOGIN_FORMS": "true"}], indirect=True)
def test_who_guesses_passwords_in_forms_has_to_wait_and_nobody_else(routed):
    """A form comes back with 200 if the password was wrong; what is no form is no login."""
    router, service = routed
    guesser, form = next(ADDRESSES), "application/x-www-form-urlencoded"
    service.answer(100)
    assert [router.post(form, guesser) for _ in range(7)] == [200] * 5 + [429] * 2
    assert router.post("multipart/form-data; boundary=b", guesser) == 429
    assert router.post("application/json", guesser) == 200
    assert router.post(form, next(ADDRESSES)) == 200
    assert [router.post(form, TRUSTED) for _ in range(7)] == [200] * 7

"""Faults that a review of kolla once found survived: they still are."""

import concurrent.futures
import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from tests.functional.support.beside import beside
from tests.functional.support.cloud import KEYSTONE, Cloud
from tests.functional.support.database import act
from tests.functional.support.harness import finish, line_of
from tests.functional.support.watching import get

CROWD = 100
#: Addresses of this machine from which so many clients come who never finish a request.
SLOW, HEADS = ("127.1.1.68", "127.1.1.69"), 500


def is_healthy(cloud: Cloud, name: str) -> bool:
    done = cloud.deployment.kolla("container", "check", name, "-f", "json", expect=None)
    return [row["health"] for row in done.json()] == ["healthy"]


@pytest.mark.parametrize("path, count", [
    ("/v3", 10_000), pytest.param("/healthcheck", 3_000, marks=pytest.mark.exhaustive),
])
def test_every_request_of_a_crowd_is_answered(cloud, exhaustive, path, count):
    count = count if exhaustive else count // 10
    address = cloud.deployment.address
    with concurrent.futures.ThreadPoolExecutor(CROWD) as crowd:
        answers = crowd.map(lambda _: get(address, KEYSTONE, path), range(count))
        assert len(list(answers)) == count
    assert is_healthy(cloud, "keystone")


@contextlib.contextmanager
def slow_heads(cloud: Cloud) -> Iterator[None]:
    """Clients who say how a request begins, and come again when they are cut off."""
    place, ended = (cloud.deployment.address, KEYSTONE), threading.Event()

    def come(source: str) -> socket.socket:
        client = socket.create_connection(place, 10, (source, 0))
        client.sendall(b"GET / HTTP/1.1\r\nX-Slow: ")
        client.setblocking(False)
        return client

    def stay(clients: list[socket.socket]) -> None:
        while not ended.wait(0.5):
            for number, client in enumerate(clients):
                with contextlib.suppress(OSError):
                    client.recv(1000)  # it was told to go; BlockingIOError: it was not
                    client.close()
                    clients[number] = come(SLOW[number % 2])

    with contextlib.ExitStack() as stack:
        clients = [come(SLOW[number % 2]) for number in range(HEADS)]
        thread = threading.Thread(target=stay, args=(clients,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join(60)
            for client in clients:
                stack.enter_context(client)


def test_clients_who_never_finish_a_request_hold_no_upgrade_up(cloud):
    number = cloud.current("keystone")["generation"]
    with slow_heads(cloud), cloud.at_work():
        act(cloud.deployment, "restart", "keystone")
    assert cloud.current("keystone")["generation"] == number + 1


@pytest.mark.exhaustive
def test_keystone_is_upgraded_while_the_broker_is_away(cloud):
    cloud.deployment.kolla("container", "stop", "rabbitmq")
    try:
        done = act(cloud.deployment, "restart", "keystone")
        assert done["outcome"] == "done" and cloud.use()
    finally:
        cloud.deployment.kolla("container", "start", "rabbitmq")


@contextlib.contextmanager
def first_on(address: str, port: int) -> Iterator[None]:
    """A stranger who takes a port as soon as it is free, and hangs up on everybody."""
    taken = threading.Event()

    def squat(done: threading.Event) -> None:
        with socket.socket() as server:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            while not done.is_set():
                with contextlib.suppress(OSError):
                    server.bind((address, port))
                    break
                time.sleep(0.001)
            server.listen()
            server.settimeout(0.1)
            taken.set()
            while not done.is_set():
                with contextlib.suppress(OSError):
                    server.accept()[0].close()

    with beside(squat):
        assert taken.wait(60)
        yield


@pytest.mark.exhaustive
def test_a_database_whose_port_is_taken_while_it_restarts_lets_nobody_wait_and_comes_back(cloud):
    with cloud.deployment.spawned("container", "restart", "mariadb") as process:
        line_of(process, "stop mariadb")
        with first_on(cloud.deployment.address, 3306):
            line_of(process, "no request waits any longer")
            began = time.monotonic()
            with pytest.raises(Exception):  # whatever a client of OpenStack makes of it
                cloud.use()
            assert time.monotonic() - began < 30, "half as long as a request may wait"
        finish(process)
    assert cloud.use()
    assert is_healthy(cloud, "mariadb")

"""What services keep in memcached: losing it costs speed, and no answer."""

import contextlib
import os
import signal
import socket
from collections.abc import Iterator

import pytest

from tests.functional.support.cloud import Cloud
from tests.functional.support.watching import asking, until

pytestmark = pytest.mark.exhaustive

PORT = 11211
USED = """\
[host]
enabled = all, cache-control

[memcached]
use = true
"""


@pytest.fixture(scope="module")
def cached(cloud: Cloud) -> Iterator[Cloud]:
    """The cloud with memcached, which Keystone and Glance use; without it again at the end."""
    deployment = cloud.deployment
    path = deployment.configure(USED, "30-cache")
    try:
        deployment.kolla("config", "passwords")
        deployment.kolla("image", "build", "memcached", timeout=2400)
        deployment.kolla("container", "start", "memcached")
        deployment.kolla("container", "upgrade", "keystone", "glance-api")
        yield cloud
    finally:
        deployment.kolla("container", "delete", "memcached", "--yes", expect=None)
        path.unlink()
    deployment.kolla("container", "upgrade", "keystone", "glance-api")


def statistics(cloud: Cloud) -> dict[str, int]:
    """What memcached counts."""
    with socket.create_connection((cloud.deployment.address, PORT), timeout=10) as connection:
        connection.sendall(b"stats\r\nquit\r\n")
        text = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
    rows = (line.split() for line in text.splitlines() if line.startswith("STAT "))
    return {row[1]: int(row[2]) for row in rows if row[2].isdigit()}


def process(cloud: Cloud) -> int:
    """The number of memcached's process on this host; 0 while none runs."""
    names = cloud.running("memcached")
    if not names:
        return 0
    with cloud.deployment.engine.client() as client:
        return client.containers.get(*names).attrs["State"]["Pid"]


def send(cloud: Cloud, number: signal.Signals) -> None:
    os.kill(until(lambda: process(cloud)), number)


@contextlib.contextmanager
def frozen(cloud: Cloud) -> Iterator[None]:
    send(cloud, signal.SIGSTOP)
    try:
        yield
    finally:
        send(cloud, signal.SIGCONT)


@contextlib.contextmanager
def in_use(cloud: Cloud) -> Iterator[None]:
    """Users of Keystone and of Glance are at work while the block runs, and notice nothing."""
    with cloud.connect() as connection, cloud.at_work() as users:
        with asking(lambda: list(connection.image.images())) as images:
            yield
            served = len(users.given), len(images.given)
            users.wait_for(lambda: len(users.given) > served[0] + 1)
            images.wait_for(lambda: len(images.given) > served[1] + 1)
    assert images.failures == []


def test_services_find_in_memcached_what_they_have_looked_up_before(cached):
    with in_use(cached):
        before = statistics(cached)
        until(lambda: statistics(cached)["get_hits"] > before["get_hits"] + 50)
    assert statistics(cached)["curr_items"] > 1


def test_no_request_fails_while_memcached_is_lost(cached):
    deployment = cached.deployment
    with in_use(cached):
        former = process(cached)
        send(cached, signal.SIGKILL)
        # The engine starts it again.
        until(lambda: process(cached) not in (0, former))
        with frozen(cached):
            cached.use()
        deployment.kolla("container", "stop", "memcached")
        cached.use()
        deployment.kolla("container", "start", "memcached")
        deployment.configure("[memcached]\nmemory = 32\n")
        deployment.kolla("container", "upgrade", "memcached")
    assert statistics(cached)["limit_maxbytes"] == 32 << 20
    until(lambda: cached.use() and statistics(cached)["curr_items"] > 1)


def test_what_is_revoked_while_memcached_is_frozen_is_not_valid_afterwards(cached):
    with cached.connect() as connection:
        token = connection.auth_token
        assert cached.is_valid(token)
        with frozen(cached):
            connection.identity.delete(
                "/auth/tokens", headers={"X-Subject-Token": token}
            ).raise_for_status()
        assert not cached.is_valid(token)


def test_memcached_tells_nobody_what_it_holds(cached):
    with socket.create_connection((cached.deployment.address, PORT), timeout=10) as connection:
        connection.sendall(b"lru_crawler metadump all\r\nwatch fetchers\r\nquit\r\n")
        text = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
    assert "key=" not in text and text.count("ERROR") == 2, text

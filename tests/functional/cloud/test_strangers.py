"""Strangers who send slowly, guess, or come in crowds hold up neither other clients nor upgrades,
and restart nothing.
"""

import contextlib
import http.client
import json
import socket
import statistics
import threading
import time
from collections.abc import Iterator

import pytest

from tests.functional.support.cloud import GLANCE, KEYSTONE, Cloud
from tests.functional.support.monitoring import healthy, monitoring, quick
from tests.functional.support.watching import asking, get, until

#: Other addresses of this machine than those that are trusted.
STRANGER, VISITOR, SLOW = "127.1.1.66", "127.1.1.1", "127.1.1.67"
#: Failed logins within a minute after which a source has to wait, and of a user who is then
#: locked out; connections that a source may have.
FAILED_LOGINS, FAILED_LOGINS_OF_A_USER, CONNECTIONS = 120, 10, 500
#: Requests that do not come whole, and uploads that stall, at a time.
POSTS, UPLOADS = 50, 20
HEAD = "{} HTTP/1.1\r\nHost: cloud\r\nContent-Type: {}\r\nContent-Length: {}\r\n{}\r\n"
POST = HEAD.format("POST /v3/auth/tokens", "application/json", 1000, "") + "{"


@contextlib.contextmanager
def strangers(cloud: Cloud, port: int, requests: list[str]) -> Iterator[list[bytes]]:
    """Clients that each send a request, then a byte now and then, and begin again if cut off.

    What they were told is in the list.
    """
    address, told, ended = cloud.deployment.address, [], threading.Event()

    def attack(request: str) -> None:
        while not ended.is_set():
            with contextlib.suppress(OSError), socket.create_connection(
                (address, port), source_address=(SLOW, 0)
            ) as one:
                one.settimeout(1)
                one.sendall(request.encode())
                while not ended.is_set():
                    with contextlib.suppress(TimeoutError):
                        told.append(one.recv(100))
                        break
                    one.sendall(b"x")
            ended.wait(0.2)

    threads = [threading.Thread(target=attack, args=(one,), daemon=True) for one in requests]
    for thread in threads:
        thread.start()
    try:
        yield told
    finally:
        ended.set()
        for thread in threads:
            thread.join(10)


def timed(cloud: Cloud, port: int, path: str, times: int = 40) -> float:
    """The median of so many answers, in seconds; all of them have to be good."""
    found = []
    for _ in range(times):
        began = time.monotonic()
        get(cloud.deployment.address, port, path, timeout=20)
        found.append(time.monotonic() - began)
    return statistics.median(found)


def upgrade(cloud: Cloud, workers: int) -> float:
    """Seconds that an upgrade of Keystone takes, which its users do not notice."""
    with (
        asking(lambda: get(cloud.deployment.address, KEYSTONE, "/v3")) as visitors,
        asking(cloud.use, pause=0.5) as users,
    ):
        users.wait_for(lambda: users.given or users.failures)
        began = time.monotonic()
        done = cloud.deployment.kolla(
            "--set", f"keystone.workers={workers}", "container", "upgrade", "keystone",
            "-f", "json",
        ).json()
        took = time.monotonic() - began
    assert [row["outcome"] for row in done] == ["done"]
    assert visitors.failures == [] and users.failures == []
    return took


def said(cloud: Cloud, name: str) -> tuple[str, str]:
    """What its check says now."""
    done = cloud.deployment.kolla("container", "check", name, "-f", "json", expect=None)
    (row,) = done.json()
    return row["health"], row["detail"]


def uploads(cloud: Cloud) -> list[str]:
    """Uploads of a member of the cloud, which stall after their first byte."""
    with cloud.connect() as connection:
        images = [
            connection.image.create_image(
                f"stalls-{number}", disk_format="raw", container_format="bare"
            ).id for number in range(UPLOADS)
        ]
        token = connection.auth_token
    return [
        HEAD.format(
            f"PUT /v2/images/{image}/file", "application/octet-stream", 10 ** 9,
            f"X-Auth-Token: {token}\r\n",
        ) + "x" for image in images
    ]


def status(cloud: Cloud, name: str) -> str:
    """What the monitor has found."""
    return {row["container"]: row["health"] for row in quick(cloud.deployment)}[name]


#: The monitor of these tests asks often.
OFTEN = ("--set", "monitor.interval=keystone:1,glance-api:1", "--set", "monitor.retry_pause=0")


@pytest.mark.exhaustive
def test_nobody_notices_slow_strangers_and_an_upgrade_is_not_held_up(cloud):
    with monitoring(cloud.deployment, *OFTEN) as monitor:
        healthy(cloud.deployment)
        at_rest = {port: timed(cloud, port, path)
                   for port, path in ((KEYSTONE, "/v3"), (GLANCE, "/versions"))}
        usual = upgrade(cloud, workers=3)
        with (
            strangers(cloud, KEYSTONE, [POST] * POSTS) as told,
            strangers(cloud, GLANCE, uploads(cloud)) as refused,
        ):
            time.sleep(2)
            attacked = {port: timed(cloud, port, path)
                        for port, path in ((KEYSTONE, "/v3"), (GLANCE, "/versions"))}
            took = upgrade(cloud, workers=2)
            number = cloud.current("keystone")["generation"]
            assert told and all(b" 408 " in answer for answer in told if answer)
            # They have their share of the transfers; another user finds room.
            assert any(b" 429 " in answer for answer in refused)
            with cloud.connect() as connection:
                connection.image.create_image(
                    "beside", data=b"x", disk_format="raw", container_format="bare"
                )
            assert said(cloud, "keystone") == ("healthy", "")
            assert said(cloud, "glance-api")[0] == "healthy"
            began = time.monotonic()
            cloud.deployment.kolla("container", "restart", "glance-api")
            # A stalled upload holds its drain up for five seconds.
            assert time.monotonic() - began < usual + 10
        # Its database goes away while Keystone is on probation.
        cloud.deployment.kolla("container", "stop", "mariadb")
        try:
            until(lambda: status(cloud, "keystone") == "degraded")
        finally:
            cloud.deployment.kolla("container", "start", "mariadb")
        healthy(cloud.deployment, "keystone")
        assert cloud.current("keystone")["generation"] == number
        assert not [
            line for line in monitor.said
            if "restarted" in line or "rolled back" in line or "has failed" in line
        ]
    print(f"at rest {at_rest}, with strangers {attacked}; upgrades {usual:.1f} and {took:.1f} s")
    for port in at_rest:
        assert attacked[port] < 2 * at_rest[port] + 0.05
    assert took < 2 * usual


@pytest.mark.parametrize("port, path", [(KEYSTONE, "/v3"), (GLANCE, "/versions")])
def test_host_that_a_client_names_is_in_no_answer(cloud, port, path):
    connection = http.client.HTTPConnection(cloud.deployment.address, port, timeout=30)
    connection.request("GET", path, headers={"Host": "evil.example"})
    text = connection.getresponse().read().decode()
    connection.close()
    assert "evil.example" not in text and f"http://{cloud.deployment.address}:{port}/" in text


def test_client_cannot_say_where_it_asks_from(cloud):
    connection = http.client.HTTPConnection(cloud.deployment.address, KEYSTONE, timeout=30)
    connection.request("GET", "/v3?forged", headers={"X-Forwarded-For": "192.0.2.66\x1b[2J"})
    connection.getresponse().read()
    connection.close()
    log = cloud.deployment.kolla("container", "logs", "keystone", "--tail", "50").stdout
    assert "/v3?forged" in log and "192.0.2.66" not in log


IMPORTS = """
import kolla_glance, urllib.request, sys
from glance.common.scripts import utils
for url in sys.argv[1:]:
    try:
        if hasattr(utils, "open_external_uri"):
            utils.open_external_uri(url)
        else:
            utils.get_image_data_iter(url)
    except Exception as error:
        print(url, type(error).__name__, error)
    else:
        print(url, "FETCHED")
"""


@pytest.mark.exhaustive
def test_glance_fetches_nothing_from_its_own_host(cloud):
    if cloud.current("glance-api")["release"] == "2026.2":  # which looks at addresses itself
        cloud.deployment.kolla("container", "rollback", "glance-api")
    assert cloud.current("glance-api")["release"] == "2026.1"
    address = cloud.deployment.address
    port = GLANCE
    # The address itself is allowed in this cloud, for images that tests import.
    urls = [f"http://{host}:{port}/versions" for host in (
        "localhost", "0.0.0.0", str(int.from_bytes(socket.inet_aton(address))),
        f"[::ffff:{address}]",
    )]
    done = cloud.deployment.kolla(
        "container", "exec", "glance-api", "--", "kolla-run", "python3", "-c", IMPORTS, *urls)
    assert len(done.stdout.splitlines()) >= len(urls) and "FETCHED" not in done.stdout
    assert "where nothing is imported from" in done.stdout


def log_in(cloud: Cloud, user: str, password: str, source: str = VISITOR) -> int:
    """The status of the answer."""
    who = {"name": user, "domain": {"id": "default"}, "password": password}
    method = {"methods": ["password"], "password": {"user": who}}
    connection = http.client.HTTPConnection(
        cloud.deployment.address, KEYSTONE, timeout=30, source_address=(source, 0)
    )
    with contextlib.closing(connection):
        connection.request(
            "POST", "/v3/auth/tokens", json.dumps({"auth": {"identity": method}}),
            {"Content-Type": "application/json"},
        )
        return connection.getresponse().status


@pytest.fixture
def member(cloud):
    """An ordinary user."""
    with cloud.connect() as connection:
        user = connection.identity.create_user(name="member", password="right")
        yield user.name
        connection.identity.delete_user(user)


def test_guesses_lock_a_member_out_but_neither_a_service_nor_the_administrator(cloud, member):
    right = {
        member: "right", "glance": cloud.secrets()["glance.password"],
        "admin": cloud.secrets()["identity.admin_password"],
    }
    for user in right:
        guesses = {log_in(cloud, user, "wrong") for _ in range(FAILED_LOGINS_OF_A_USER)}
        assert guesses == {401}
    found = {user: log_in(cloud, user, password) for user, password in right.items()}
    assert found == {member: 401, "glance": 201, "admin": 201}


def test_who_guesses_without_end_has_to_wait_and_nobody_else(cloud):
    told = [log_in(cloud, "nobody", "wrong", STRANGER) for _ in range(FAILED_LOGINS + 5)]
    assert told[:FAILED_LOGINS - 5] == [401] * (FAILED_LOGINS - 5) and told[-1] == 429
    assert log_in(cloud, "nobody", "wrong") == 401
    assert cloud.use()


@pytest.mark.parametrize("port, path", [(KEYSTONE, "/v3"), (GLANCE, "/versions")])
def test_one_source_does_not_take_all_connections(cloud, port, path):
    address = cloud.deployment.address
    with contextlib.ExitStack() as stack:
        def come() -> socket.socket:
            client = socket.create_connection((address, port), 10, (STRANGER, 0))
            stack.enter_context(client).sendall(b"GET / HTTP/1.1\r\nX-Slow: ")
            return client

        clients = [come() for _ in range(CONNECTIONS)]
        clients[0].settimeout(0.2)
        with pytest.raises(TimeoutError):
            clients[0].recv(1)
        with pytest.raises(ConnectionError):  # one too many
            come().recv(1)
        assert timed(cloud, port, path, times=20) < 0.5
        assert said(cloud, "keystone") == ("healthy", "")

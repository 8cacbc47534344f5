"""Glance: images survive, and transfers that are under way are finished in peace."""

import contextlib
import hashlib
import http.client
import os
import threading
from collections.abc import Iterator

import pytest

from tests.functional.support.cloud import GLANCE, Cloud
from tests.functional.support.harness import finish, line_of
from tests.functional.support.watching import asking, get, until

NAME = "glance-api"
MEGABYTE = 1 << 20
#: What a slow client sends or takes at a time, and the seconds until the next time: a drain
#: cuts off clients that move less than 4 kB in 5 s.
PIECE = MEGABYTE // 16
PAUSE = 0.5


@pytest.fixture(scope="module")
def content() -> bytes:
    return os.urandom(24 * MEGABYTE)


@pytest.fixture(scope="module")
def image(cloud, content):
    """An image that was uploaded before anything was upgraded."""
    with cloud.connect() as connection:
        return connection.image.create_image(
            "before", data=content, disk_format="raw", container_format="bare"
        )


def download(cloud: Cloud, image) -> bytes:
    with cloud.connect() as connection:
        return connection.image.download_image(image).content


class Slow:
    """A client that sends or receives slowly until it is told to go on."""

    def __init__(self, cloud: Cloud, image: str):
        with cloud.connect() as connection:
            self.headers = {"X-Auth-Token": connection.auth_token,
                            "Content-Type": "application/octet-stream"}
        self.address, self.path = cloud.deployment.address, f"/v2/images/{image}/file"
        self.begun, self.go_on = threading.Event(), threading.Event()
        self.result: bytes | Exception | None = None
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        connection = http.client.HTTPConnection(self.address, GLANCE, timeout=300)
        try:
            self.result = self.transfer(connection)
        except Exception as error:  # any error that a client may meet
            self.result = error
        finally:
            connection.close()
            self.begun.set()

    def transfer(self, connection: http.client.HTTPConnection) -> bytes:
        raise NotImplementedError

    def finish(self) -> bytes:
        self.go_on.set()
        self.thread.join(300)
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


class Upload(Slow):
    def __init__(self, cloud: Cloud, image: str, content: bytes):
        super().__init__(cloud, image)
        self.content = content

    def _pieces(self) -> Iterator[bytes]:
        """One every now and then, until it may go on."""
        for start in range(0, len(self.content), PIECE):
            yield self.content[start:start + PIECE]
            if start > MEGABYTE:
                self.begun.set()
                self.go_on.wait(PAUSE)

    def transfer(self, connection: http.client.HTTPConnection) -> bytes:
        connection.request("PUT", self.path, self._pieces(), self.headers)
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == 204, body
        return body


class Download(Slow):
    def transfer(self, connection: http.client.HTTPConnection) -> bytes:
        connection.request("GET", self.path, headers=self.headers)
        answer = connection.getresponse()
        assert answer.status == 200
        received = answer.read(PIECE)
        self.begun.set()
        while not self.go_on.wait(PAUSE):
            received += answer.read(PIECE)
        return received + answer.read()


@contextlib.contextmanager
def slowly(*clients: Slow):
    for client in clients:
        client.thread.start()
    for client in clients:
        assert client.begun.wait(60)
    try:
        yield
    finally:
        for client in clients:
            client.go_on.set()


def act(cloud: Cloud, *arguments: str) -> dict:
    (row,) = cloud.deployment.kolla("container", *arguments, "-f", "json").json()
    return row


def test_image_comes_back_through_the_ordinary_client(cloud, image, content, tmp_path):
    file = tmp_path / "content"
    file.write_bytes(content[:MEGABYTE])
    made = cloud.openstack("image", "create", "--file", str(file), "--disk-format", "raw",
                           "--container-format", "bare", "ordinary")
    assert made["status"] == "active"
    assert {"before", "ordinary"} <= {row["Name"] for row in cloud.openstack("image", "list")}
    with cloud.connect() as connection:
        assert connection.image.download_image(made["id"]).content == content[:MEGABYTE]


@pytest.mark.parametrize("command", [("upgrade", NAME, "--release", "2026.2"), ("rollback", NAME)],
                         ids=["upgrade", "rollback"])
def test_image_survives_byte_for_byte_and_nobody_notices(cloud, image, content, command):
    with (
        cloud.connect() as connection,
        asking(lambda: [found.name for found in connection.image.images()]) as users,
        asking(lambda: get(cloud.deployment.address, GLANCE, "/healthcheck")) as visitors,
    ):
        row = act(cloud, *command)
    assert row["outcome"] == "done" and row["unavailable"] == 0
    assert users.failures == [] and visitors.failures == []
    assert all("before" in found for found in users.given)
    assert download(cloud, image) == content
    now = cloud.current(NAME)
    assert now["release"] == ("2026.2" if "upgrade" in command else "2026.1")
    assert cloud.running(NAME) == [f"{NAME}-g{now['generation']}"]


def test_transfers_under_way_complete_and_hold_nobody_up(cloud, image, content):
    with cloud.connect() as connection:
        target = connection.image.create_image(
            "slow", disk_format="raw", container_format="bare", allow_duplicates=True
        )
    upload, received = Upload(cloud, target.id, content), Download(cloud, image.id)
    number = cloud.current(NAME)["generation"]
    command = ("container", "upgrade", NAME, "--release", "2026.2")
    with slowly(upload, received), cloud.deployment.spawned(*command) as process:
        line_of(process, f"drain {NAME}-g{number}")
        # The new generation serves already, and other containers can be worked on.
        assert download(cloud, image) == content
        assert act(cloud, "restart", "keystone")["outcome"] == "done"
        assert cloud.current(NAME)["generation"] == number + 1
        assert process.poll() is None, "the upgrade did not wait for the transfers"
        assert len(cloud.running(NAME)) == 2
        upload.finish()
        assert received.finish() == content
        finish(process)
    assert cloud.running(NAME) == [f"{NAME}-g{number + 1}"]
    with cloud.connect() as connection:
        found = connection.image.get_image(target.id)
    assert (found.status, found.hash_value) == ("active", hashlib.sha512(content).hexdigest())
    assert download(cloud, target) == content


def test_a_transfer_that_ends_while_the_database_is_replaced_is_kept(cloud, content):
    with cloud.connect() as connection:
        target = connection.image.create_image(
            "late", disk_format="raw", container_format="bare", allow_duplicates=True
        )
    upload = Upload(cloud, target.id, content)
    with slowly(upload), cloud.deployment.spawned("container", "restart", "mariadb") as process:
        line_of(process, "start mariadb")
        upload.finish()
        finish(process)
    with cloud.connect() as connection:
        assert connection.image.get_image(target.id).status == "active"


@pytest.mark.exhaustive
def test_request_may_take_its_time_while_nobody_upgrades(cloud, image, content):
    received = Download(cloud, image.id)
    with slowly(received):
        assert received.finish() == content


@pytest.mark.exhaustive
def test_failing_upgrade_leaves_images_as_they_are(cloud, image, content):
    number = cloud.current(NAME)["generation"]
    path = cloud.deployment.configure(
        "[glance-api/paste_deploy]\nflavor = nonsense\n", "80-bad"
    )
    try:
        with asking(lambda: get(cloud.deployment.address, GLANCE, "/healthcheck")) as visitors:
            done = cloud.deployment.kolla("container", "upgrade", NAME, expect=1)
    finally:
        path.unlink()
    assert visitors.failures == []
    assert "nonsense" in done.stderr
    assert cloud.running(NAME) == [f"{NAME}-g{number}"]
    assert download(cloud, image) == content


@pytest.mark.exhaustive
def test_an_image_of_another_kind_leaves_the_old_generation_serving(cloud):
    number = cloud.current(NAME)["generation"]
    with asking(lambda: get(cloud.deployment.address, GLANCE, "/healthcheck")) as visitors:
        done = cloud.deployment.kolla(
            "container", "upgrade", NAME, "--image", "kolla/mariadb:trixie", expect=1
        )
    assert visitors.failures == []
    assert "failed: No such file or directory" in done.stderr
    assert cloud.running(NAME) == [f"{NAME}-g{number}"]


@pytest.mark.exhaustive
def test_rotated_service_password_is_applied(cloud, image, content):
    old = cloud.secrets()["glance.password"]
    cloud.passwords.write_text(cloud.passwords.read_text().replace(old, f"{old[::-1]}-$x%"))
    row = act(cloud, "upgrade", NAME)
    assert "secret: glance.password changed" in row["reason"]
    assert until(lambda: download(cloud, image) == content)

"""Glance: an import that goes on after its request was answered is finished in peace."""

import contextlib
import hashlib
import http.server
import os
import threading
from collections.abc import Iterator

import pytest

from tests.functional.support.cloud import GLANCE, Cloud
from tests.functional.support.harness import finish, line_of
from tests.functional.support.watching import asking, get, until

NAME = "glance-api"
CONTENT = os.urandom(8 << 20)

pytestmark = pytest.mark.exhaustive


class Source(http.server.ThreadingHTTPServer):
    """A web server that sends half an image, and the rest only when it is told to."""

    def __init__(self, address: str):
        super().__init__((address, 0), Half)
        self.url = f"http://{address}:{self.server_port}/image"
        self.begun, self.go_on = threading.Event(), threading.Event()
        self.asked = 0


class Half(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.asked += 1
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        half = len(CONTENT) // 2
        self.wfile.write(CONTENT[:half])
        self.server.begun.set()
        self.server.go_on.wait(300)
        self.wfile.write(CONTENT[half:])

    def log_message(self, *arguments) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def open_to_the_test(cloud):
    """Glance fetches images from the test's address as well."""
    # On any port; and no loopback address without its name here.
    path = cloud.deployment.configure(
        "[glance-api/import_filtering_opts]\n"
        f"allowed_hosts = [{cloud.deployment.address}]\nallowed_ports = []\n", "80-imports"
    )
    act(cloud, "upgrade", NAME)
    yield
    path.unlink()


@pytest.fixture
def source(cloud, open_to_the_test) -> Iterator[Source]:
    with Source(cloud.deployment.address) as source:
        threading.Thread(target=source.serve_forever, daemon=True).start()
        yield source
        source.go_on.set()
        source.shutdown()


def act(cloud: Cloud, *arguments: str) -> dict:
    (row,) = cloud.deployment.kolla("container", *arguments, "-f", "json").json()
    return row


@contextlib.contextmanager
def importing(cloud: Cloud, source: Source) -> Iterator[str]:
    """An image whose import was answered with 202 and has come half-way."""
    with cloud.connect() as connection:
        image = connection.image.create_image(
            "imported", disk_format="raw", container_format="bare", allow_duplicates=True
        ).id
        answer = connection.image.post(
            f"/images/{image}/import",
            json={"method": {"name": "web-download", "uri": source.url}},
        )
        assert answer.status_code == 202, answer.text
        assert source.begun.wait(60)
        assert connection.image.get_image(image).status == "importing"
        try:
            yield image
        finally:
            source.go_on.set()


def assert_imported(cloud: Cloud, image: str, source: Source) -> None:
    with cloud.connect() as connection:
        found = connection.image.get_image(image)
        assert (found.status, found.hash_value) == ("active", hashlib.sha512(CONTENT).hexdigest())
        assert connection.image.download_image(found).content == CONTENT
    assert source.asked == 1


def test_upgrade_waits_for_an_import_and_the_new_generation_answers_meanwhile(cloud, source):
    number = cloud.current(NAME)["generation"]
    command = ("container", "upgrade", NAME, "--release", "2026.2")
    with importing(cloud, source) as image, cloud.deployment.spawned(*command) as process:
        line_of(process, f"drain {NAME}-g{number}")
        now = cloud.current(NAME)
        assert (now["generation"], now["release"]) == (number + 1, "2026.2")
        with cloud.connect() as connection:
            assert connection.image.get_image(image).status == "importing"
        # Another command works on another container, and users get their answers.
        with asking(lambda: get(cloud.deployment.address, GLANCE, "/healthcheck")) as visitors:
            other = cloud.deployment.kolla(
                "--set", "keystone.workers=1", "container", "upgrade", "keystone", "-f", "json"
            ).json()
        assert [row["outcome"] for row in other] == ["done"]
        assert visitors.failures == []
        assert process.poll() is None, "the upgrade did not wait for the import"
        assert sorted(cloud.running(NAME)) == [f"{NAME}-g{number}", f"{NAME}-g{number + 1}"]
        source.go_on.set()
        finish(process)
    assert cloud.running(NAME) == [f"{NAME}-g{number + 1}"]
    assert_imported(cloud, image, source)


def test_import_holds_up_no_other_container_of_the_same_command(cloud, source):
    glance, keystone = (cloud.current(name)["generation"] for name in (NAME, "keystone"))
    # A rollback goes the other way round: Keystone's begins once the earlier Glance serves.
    command = ("container", "rollback", NAME, "keystone")
    with importing(cloud, source) as image, cloud.deployment.spawned(*command) as process:
        line_of(process, f"drain {NAME}-g{glance}")
        until(lambda: cloud.running("keystone") == [f"keystone-g{keystone + 1}"])
        assert cloud.current("keystone")["generation"] == keystone + 1
        assert process.poll() is None, "the rollback did not wait for the import"
        assert f"{NAME}-g{glance}" in cloud.running(NAME)
        source.go_on.set()
        finish(process)
    assert cloud.current(NAME)["release"] == "2026.1"
    assert cloud.running(NAME) == [f"{NAME}-g{glance + 1}"]
    assert_imported(cloud, image, source)


def test_engine_that_stops_the_container_waits_for_an_import(cloud, source):
    (name,) = cloud.running(NAME)
    with importing(cloud, source) as image, cloud.deployment.engine.client() as client:
        container = client.containers.get(name)
        stop = threading.Thread(target=container.stop, kwargs={"timeout": 120}, daemon=True)
        stop.start()
        stop.join(5)
        assert stop.is_alive(), "it did not wait for the import"
        source.go_on.set()
        stop.join(60)
        container.reload()
        assert (container.status, container.attrs["State"]["ExitCode"]) == ("exited", 0)
    act(cloud, "start", NAME)
    assert_imported(cloud, image, source)

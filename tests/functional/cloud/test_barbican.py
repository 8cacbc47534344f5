"""The example of a third party's OpenStack service, from its installation to its removal."""

import dataclasses
import shutil
from collections.abc import Iterator

import pytest

from tests.functional.conftest import ROOT
from tests.functional.support.cloud import Cloud
from tests.functional.support.database import query
from tests.functional.support.harness import run
from tests.functional.support.watching import asking, get, until

API, WORKER, PORT = "barbican-api", "barbican-worker", 9311
PAYLOAD = "the answer is 42"
ORDER = {"type": "key", "meta": {"name": "made", "algorithm": "aes", "bit_length": 256}}

pytestmark = pytest.mark.service


@pytest.fixture(scope="module")
def site(cloud, environment, tmp_path_factory) -> Iterator[Cloud]:
    """The cloud, run by a kolla from its wheel with the example beside it."""
    copy = tmp_path_factory.mktemp("example") / "barbican"
    shutil.copytree(ROOT / "examples" / "barbican", copy)
    pip, passwords = environment / "bin" / "pip", cloud.passwords.read_text()
    run(pip, "install", copy)
    site = dataclasses.replace(
        cloud, deployment=dataclasses.replace(cloud.deployment, bin=environment / "bin"))
    try:
        site.deployment.kolla("config", "passwords")
        site.deployment.kolla("image", "build", "barbican", timeout=2400)
        yield site
    finally:
        site.deployment.configure("")
        run(pip, "uninstall", "--yes", "kolla-barbican")
        cloud.passwords.write_text(passwords)


@pytest.fixture(scope="module")
def secret(site) -> str:
    """The id of a secret in a Barbican that was started from nothing."""
    rows = site.deployment.kolla("set", "start", "key-manager", "-f", "json").json()
    assert [row["outcome"] for row in rows] == ["done", "done"]
    with site.connect() as connection:
        made = connection.key_manager.post("/secrets", json={
            "name": "first", "payload": PAYLOAD, "payload_content_type": "text/plain",
        }).json()
    assert made["secret_ref"].startswith(f"http://{site.deployment.address}:{PORT}/v1/secrets/")
    return made["secret_ref"].rpartition("/")[2]


def read(site: Cloud, secret: str) -> str:
    """The payload of a secret, as a user with a token of its own gets it."""
    with site.connect() as connection:
        answer = connection.key_manager.get(
            f"/secrets/{secret}/payload", headers={"Accept": "text/plain"})
        assert answer.status_code == 200, answer.text
        return answer.text


def carried_out(site: Cloud) -> None:
    """An order that the worker gets over the broker, and puts down in the database."""
    with site.connect() as connection:
        barbican = connection.key_manager
        order = barbican.post("/orders", json=ORDER).json()["order_ref"].rpartition("/")[2]
        until(lambda: barbican.get(f"/orders/{order}").json()["status"] == "ACTIVE")


def test_a_secret_is_stored_and_an_order_is_carried_out(site, secret):
    assert read(site, secret) == PAYLOAD
    carried_out(site)
    assert site.deployment.kolla("set", "check", "key-manager").exit_code == 0


def test_a_changed_option_is_upgraded_to_without_a_lost_request(site, secret):
    site.deployment.configure("[barbican]\nworkers = 3\njobs = 2\n")
    with (
        asking(lambda: read(site, secret)) as users,
        asking(lambda: get(site.deployment.address, PORT, "/healthcheck")) as visitors,
    ):
        users.wait_for(lambda: users.given or users.failures)
        rows = site.deployment.kolla("set", "upgrade", "key-manager", "-f", "json").json()
    assert [row["outcome"] for row in rows] == ["done", "done"]
    assert users.failures == [] and visitors.failures == []
    assert set(users.given) == {PAYLOAD}
    carried_out(site)


def test_the_master_key_is_nowhere_but_in_its_file(site, secret):
    key = site.secrets()["barbican.master_key"]
    kolla, told = site.deployment.kolla, []
    for name in (API, WORKER):
        told += [kolla(*words, name).stdout for words in (
            ("container", "show"), ("config", "environment"), ("container", "logs"))]
        with site.deployment.engine.client() as client:
            (running,) = site.running(name)
            told += [str(client.containers.get(running).attrs),
                     str(client.images.get("kolla/barbican:2026.1").history())]
    told += [kolla("config", "show", "barbican").stdout, kolla("plan").stdout]
    told += [path.read_text(errors="replace") for path in site.deployment.state_dir.rglob("*")
             if path.is_file() and path.name != "secrets"]
    assert [text for text in told if key in text] == []


def test_it_is_deleted_without_a_trace(site, secret):
    assert any("barbican" in line for line in site.lasting_queues())
    api, worker = (site.deployment.kolla("container", "delete", name, "--data", "--yes")
                   for name in (API, WORKER))
    assert "barbican" not in query(site, "SHOW DATABASES")
    assert "barbican" not in query(site, "SELECT user FROM mysql.global_priv")
    with site.connect() as connection:
        assert "barbican" not in {user.name for user in connection.identity.users()}
        assert "key-manager" not in {each.type for each in connection.identity.services()}
    assert [line for line in site.lasting_queues() if "barbican" in line] == []
    assert site.running(API) == site.running(WORKER) == []

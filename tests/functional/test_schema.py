"""Databases across releases: data in place, back one step, killed half-way, shared by hosts.

The tests go on where the one before ended: Keystone and Glance travel from 2025.2 to 2026.2.
"""

import contextlib
import hashlib
import os
import pathlib
import random
import re
import subprocess
import time

import pytest

from tests.functional.cloud.client import Cloud
from tests.functional.conftest import new_deployment
from tests.functional.engine import Engine
from tests.functional.harness import Deployment
from tests.functional.watching import asking, until

RELEASES = ("2025.2", "2026.1", "2026.2")
SERVICES = ("keystone", "glance-api")
DATA = random.Random(7).randbytes(3 * 1024 * 1024)


@pytest.fixture(scope="module")
def cloud(engine, images, tmp_path_factory):
    """MariaDB, Keystone and Glance of 2025.2, with users, projects and an image."""
    for release in RELEASES:
        images(release)
    with new_deployment(engine, tmp_path_factory, "schema") as deployment:
        deployment.configure(
            "[DEFAULT]\nrelease = 2025.2\n[engine]\nkeep_generations = 3\n"
            "[host]\nenabled = mariadb,keystone,glance-api\n"
        )
        deployment.kolla("config", "passwords")
        deployment.kolla("set", "start")
        cloud = Cloud(deployment)
        with cloud.connect() as connection:
            project = connection.identity.create_project(name="research", domain_id="default")
            connection.identity.create_user(
                name="ada", password="lovelace", default_project_id=project.id
            )
            connection.grant_role("member", user="ada", project="research")
            connection.create_image(
                "engine", data=DATA, container_format="bare", disk_format="raw",
                meta={"author": "ada"}, wait=True,
            )
        yield cloud


def intact(cloud: Cloud) -> None:
    """Everything that was put in is there, and can be used."""
    with cloud.connect() as connection:
        assert {"admin", "ada", "glance"} <= {user.name for user in connection.identity.users()}
        image = connection.image.find_image("engine")
        assert (image.status, image.properties["author"]) == ("active", "ada")
        content = connection.image.download_image(image).content
        assert hashlib.sha256(content).digest() == hashlib.sha256(DATA).digest()
        login = connection.connect_as(username="ada", password="lovelace", project_name="research")
        assert login.authorize() and [i.name for i in login.image.images()] == []


def act(deployment: Deployment, *arguments: str, expect: int = 0, **options) -> dict:
    done = deployment.kolla("container", *arguments, "-f", "json", expect=expect, **options)
    (row,) = done.json()
    return {**row, "stderr": done.stderr}


def ledger(deployment: Deployment, name: str = "keystone") -> list[str]:
    """What kolla-schema knows, without the times."""
    done = deployment.kolla("container", "exec", name, "--", "kolla-schema", "status")
    text = re.sub(r"(, since| on) [\d-]+ [\d:]+ UTC", "", done.stdout)
    return text.splitlines()


def dumps(deployment: Deployment, name: str) -> list[pathlib.Path]:
    return sorted((deployment.state_dir / "dumps" / name).iterdir(), key=os.path.getmtime)


CLIENT = ("mariadb", "--user=mysql", "-NBn", "keystone")


@contextlib.contextmanager
def sql(cloud: Cloud, *statements: str):
    """A session of the database's administrator, as long as the block runs."""
    (name,) = cloud.running("mariadb")
    command = ("docker", "-H", cloud.deployment.engine.url, "exec", "-i", name, *CLIENT)
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as session:
        try:
            session.stdin.write("".join(f"{text};\n" for text in statements))
            session.stdin.flush()
            yield session
        finally:
            session.stdin.close()
            session.wait(60)


def query(cloud: Cloud, statement: str) -> list[str]:
    (name,) = cloud.running("mariadb")
    with cloud.deployment.engine.client() as client:
        done = client.containers.get(name).exec_run([*CLIENT, "-e", statement])
    assert done.exit_code == 0, done.output
    return done.output.decode().splitlines()


def waiting(cloud: Cloud, text: str) -> bool:
    """Whether a statement waits for a table that another session holds."""
    return bool(query(
        cloud, "SELECT id FROM information_schema.processlist"
        f" WHERE state LIKE 'Waiting for table metadata%' AND info LIKE '{text}%'"
    ))


def indexes(cloud: Cloud) -> set[str]:
    return {row.split("\t")[2] for row in query(cloud, "SHOW INDEX FROM revocation_event")}


def test_first_start_makes_the_schema_and_records_the_host(cloud):
    for name in SERVICES:
        assert ledger(cloud.deployment, name) == [
            "testhost (2025.2, confirmed)",
            "expand for 2025.2 by testhost", "contract for 2025.2 by testhost",
        ]
    intact(cloud)


def test_expansion_that_was_killed_half_way_is_finished_by_the_next_upgrade(cloud):
    """Keystone 2026.1 makes two indexes: it is killed between them."""
    first, second = "ix_revocation_event_project_id_user_id", "ix_revocation_event_composite"
    upgrade = ("container", "upgrade", "keystone", "--release", "2026.1")
    with contextlib.ExitStack() as sessions:
        with sql(cloud, "BEGIN", "SELECT COUNT(*) FROM revocation_event"):
            tool = cloud.deployment.spawn(*upgrade)
            until(lambda: waiting(cloud, "CREATE INDEX"), 120)
            sessions.enter_context(sql(cloud, "LOCK TABLES revocation_event WRITE"))
            until(lambda: waiting(cloud, "LOCK TABLES"))
        until(lambda: waiting(cloud, f"CREATE INDEX {second}"))
        tool.kill()
        tool.communicate()
        cloud.deployment.kolla("recover")
    assert first in indexes(cloud)
    assert "742c857f1dfb" not in query(cloud, "SELECT version_num FROM alembic_version")
    assert "expand for 2026.1 by testhost: not done" in ledger(cloud.deployment)
    assert cloud.current("keystone")["release"] == "2025.2"
    with asking(cloud.use) as users:
        cloud.deployment.kolla(*upgrade)
    assert users.failures == []
    assert {first, second} <= indexes(cloud)
    assert "742c857f1dfb" in query(cloud, "SELECT version_num FROM alembic_version")
    assert "expand for 2026.1 by testhost" in ledger(cloud.deployment)
    act(cloud.deployment, "rollback", "keystone")
    intact(cloud)


@pytest.mark.parametrize("old, new", [RELEASES[:2], RELEASES[1:]])
def test_data_stays_on_the_way_to_the_next_release_and_one_step_back(cloud, old, new):
    deployment = cloud.deployment
    for name in SERVICES:
        act(deployment, "upgrade", name, "--release", new)
        assert ledger(deployment, name) == [
            f"testhost ({new}, not confirmed)",
            f"expand for {new} by testhost", f"contract for {old} by testhost",
        ]
    intact(cloud)
    for name in reversed(SERVICES):
        act(deployment, "rollback", name)
        assert cloud.current(name)["release"] == old
        assert ledger(deployment, name)[0] == f"testhost ({old}, not confirmed)"
    intact(cloud)
    for name in SERVICES:
        assert act(deployment, "upgrade", name, "--release", new)["outcome"] == "done"
    intact(cloud)
    for name in SERVICES:
        assert act(deployment, "confirm", name)["outcome"] == "done"
        assert ledger(deployment, name) == [
            f"testhost ({new}, confirmed)",
            f"expand for {new} by testhost", f"contract for {new} by testhost",
        ]
    intact(cloud)


def test_rollback_after_contract_is_refused_with_the_reason_and_nothing_touched(cloud):
    for name in SERVICES:
        before, history = cloud.running(name), cloud.history(name)
        row = act(cloud.deployment, "rollback", name, expect=1)
        assert row["outcome"] == "failed"
        assert "the schema was contracted for 2026.2 by testhost on 20" in row["stderr"]
        assert "2026.1 cannot use it any more" in row["stderr"]
        assert (cloud.running(name), cloud.history(name)) == (before, history)
        assert ledger(cloud.deployment, name)[0] == "testhost (2026.2, confirmed)"


def test_dumps_are_private_named_by_what_they_hold_and_no_more_than_the_newest_are_kept(cloud):
    for name in SERVICES:
        found = dumps(cloud.deployment, name)
        assert [f.stat().st_mode & 0o777 for f in found] == [0o600] * 3
        assert found[-1].name.startswith(f"{name}-before-g") and "-from-2026.1-" in found[-1].name


def test_a_dump_brings_the_data_and_the_way_back(cloud):
    """As the guide "How an upgrade works" has it."""
    deployment = cloud.deployment
    with cloud.connect() as connection:
        connection.identity.create_user(name="charles", password="babbage")
    dump = dumps(deployment, "keystone")[-1]
    deployment.kolla("container", "stop", "keystone")
    done = subprocess.run(
        ["bash", "-c", 'gunzip -c "$0" | "$@"', dump, *deployment.command(
            "container", "exec", "mariadb", "--", "mariadb", "--user=mysql")],
        timeout=120, env=deployment.environment(), capture_output=True, text=True,
    )
    assert done.returncode == 0, done.stderr
    deployment.kolla("container", "start", "keystone")
    assert ledger(deployment) == [
        "testhost (2026.1, not confirmed)",
        "expand for 2026.2 by testhost", "contract for 2026.1 by testhost",
    ]
    assert act(deployment, "rollback", "keystone")["outcome"] == "done"
    assert cloud.current("keystone")["release"] == "2026.1"
    intact(cloud)
    assert "charles" not in cloud.use()


def test_upgrade_waits_for_the_lock_of_the_database_and_names_who_holds_it(cloud):
    before = cloud.running("keystone")
    hold = "SELECT 1 FROM kolla_schema WHERE phase = 'lock' FOR UPDATE"
    with sql(cloud, "BEGIN", hold) as session:
        assert session.stdout.readline() == "1\n"
        began = time.monotonic()
        row = act(
            cloud.deployment, "--set", "engine.lock_timeout=2", "upgrade", "keystone",
            "--release", "2026.2", expect=1,
        )
        assert time.monotonic() - began < 60
    assert "the schema is locked for 2026." in row["stderr"] and "by testhost" in row["stderr"]
    assert cloud.running("keystone") == before


# A second host

@pytest.fixture(scope="module")
def second(cloud, tmp_path_factory):
    """Another host, with an engine and a state of its own, that shares Keystone's database."""
    first = cloud.deployment
    folder = tmp_path_factory.mktemp("second")
    engine = Engine(folder / "engine", first.engine.run.with_name(f"{first.engine.run.name}-2"))
    engine.start()
    try:
        for release in RELEASES:
            subprocess.run(
                f"docker -H {first.engine.url} save kolla/keystone:{release}"
                f" | docker -H {engine.url} load", shell=True, check=True, timeout=300,
            )
        address = first.address.rpartition(".")[0] + ".202"
        other = Deployment(engine, folder, address, "ctl2").prepare()
        other.configure(cloud.passwords.read_text(), "passwords").chmod(0o600)
        other.configure(
            "[host]\nenabled = keystone\n[DEFAULT]\nrelease = 2026.1\n"
            f"[database]\naddress = {first.address}\n[keystone]\n"
            f"public_url = http://{first.address}:5000\n"
            f"internal_url = http://{first.address}:5000\n"
        )
        yield other
    finally:
        engine.clean()
        engine.stop()


def test_a_host_with_software_that_is_too_old_cannot_join(cloud, second):
    row = act(
        second, "--set", "DEFAULT.release=2025.2", "start", "keystone", expect=1,
    )
    assert "the schema was contracted for 2026.1 by testhost" in row["stderr"]
    assert "2025.2 cannot use it any more" in row["stderr"]


def test_contract_waits_until_every_host_has_confirmed(cloud, second):
    first = cloud.deployment
    act(second, "start", "keystone")
    assert ledger(first)[0] == "ctl2 (2026.1, confirmed)"
    act(first, "upgrade", "keystone", "--release", "2026.2")
    row = act(first, "confirm", "keystone")
    assert "it waits for ctl2 (2026.1, confirmed)" in row["reason"]
    act(second, "upgrade", "keystone", "--release", "2026.2")
    assert "expand for 2026.2 by testhost" in ledger(second)
    assert "contract for 2026.1 by testhost" in ledger(second)


def test_a_host_that_has_gone_back_holds_the_others_up_again(cloud, second):
    first = cloud.deployment
    act(first, "rollback", "keystone")
    row = act(second, "confirm", "keystone")
    assert "it waits for testhost (2026.1, not confirmed)" in row["reason"]
    act(first, "upgrade", "keystone", "--release", "2026.2")
    assert act(first, "confirm", "keystone")["reason"].find("waits") < 0
    assert "contract for 2026.2 by testhost" in ledger(second)


def test_no_host_goes_back_once_another_has_contracted(cloud, second):
    row = act(second, "rollback", "keystone", expect=1)
    assert "contracted for 2026.2 by testhost" in row["stderr"]
    assert second.kolla("container", "check", "keystone").exit_code == 0


def test_a_host_that_is_gone_for_good_is_forgotten(cloud, second):
    second.kolla("container", "delete", "keystone", "--yes")
    forget = ("container", "exec", "keystone", "--", "kolla-schema", "forget", "ctl2")
    assert "ctl2 is forgotten" in cloud.deployment.kolla(*forget).stdout
    assert ledger(cloud.deployment)[0] == "testhost (2026.2, confirmed)"
    done = cloud.deployment.kolla(*forget, expect=1)
    assert "there is no host ctl2, only testhost" in done.stderr
    intact(cloud)

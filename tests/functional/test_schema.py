"""Databases across releases: data in place, back one step, killed half-way, restored.

The tests go on where the one before ended: Keystone and Glance travel from 2025.2 to 2026.2.
"""

import contextlib
import gzip
import hashlib
import random
import re

import pytest

from tests.functional.conftest import new_deployment
from tests.functional.support.cloud import Cloud
from tests.functional.support.database import act, dumps, ledger, query, restore, sql
from tests.functional.support.watching import asking, until

RELEASES = ("2025.2", "2026.1", "2026.2")
SERVICES = ("keystone", "glance-api")
DATA = random.Random(7).randbytes(3 * 1024 * 1024)


@pytest.fixture(scope="module")
def releases(exhaustive) -> tuple[str, ...]:
    return RELEASES if exhaustive else RELEASES[1:]


@pytest.fixture(scope="module")
def cloud(engine, images, releases, tmp_path_factory):
    """MariaDB, Keystone and Glance of the first release, with users, projects and an image."""
    for release in releases:
        images(release)
    with new_deployment(engine, tmp_path_factory, "schema") as deployment:
        deployment.configure(
            f"[DEFAULT]\nrelease = {releases[0]}\n[engine]\nkeep_generations = 3\n"
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


def waiting(cloud: Cloud, text: str) -> bool:
    """Whether a statement waits for a table that another session holds."""
    return bool(query(
        cloud, "SELECT id FROM information_schema.processlist"
        f" WHERE state LIKE 'Waiting for table metadata%' AND info LIKE '{text}%'"
    ))


def indexes(cloud: Cloud) -> set[str]:
    return {row.split("\t")[2] for row in query(cloud, "SHOW INDEX FROM revocation_event")}


def test_first_start_makes_the_schema_and_records_the_host(cloud, releases):
    for name in SERVICES:
        assert ledger(cloud.deployment, name) == [
            f"{name} on testhost ({releases[0]}, confirmed)",
            f"expand for {releases[0]} by testhost", f"contract for {releases[0]} by testhost",
        ]
    intact(cloud)


@pytest.mark.exhaustive
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


def bootstrap(cloud: Cloud, client, database: str, release: str = "2025.2"):
    """The task that makes the schema, begun as a container of its own."""
    query(cloud, f"CREATE DATABASE IF NOT EXISTS {database} CHARACTER SET utf8mb3")
    query(cloud, f"GRANT ALL ON {database}.* TO trial@'%' IDENTIFIED BY 'secret'")
    place = f"trial:secret@{cloud.deployment.address}:3306/{database}"
    return client.containers.run(
        f"kolla/keystone:{release}", ["kolla-schema", "bootstrap"], detach=True,
        network_mode="host", tmpfs={"/run/kolla": "mode=1777"},
        environment={"KOLLA_HOST": "trial", "KOLLA_CONTAINER": "keystone",
                     "KOLLA_RELEASE": release,
                     "OS_DATABASE__CONNECTION": f"mysql+pymysql://{place}"},
    )


def tables(cloud: Cloud, database: str) -> list[str]:
    """How they are made, without what kolla adds."""
    (name,) = cloud.running("mariadb")
    command = ["mariadb-dump", "--user=mysql", "--no-data", "--compact",
               f"--ignore-table={database}.kolla_hosts",
               f"--ignore-table={database}.kolla_schema", database]
    with cloud.deployment.engine.client() as client:
        done = client.containers.get(name).exec_run(command)
    return re.sub(rb" AUTO_INCREMENT=\d+", b"", done.output).decode().splitlines()


@pytest.mark.exhaustive
def test_a_schema_whose_making_is_killed_again_and_again_becomes_the_same(cloud):
    with cloud.deployment.engine.client() as client:
        whole = bootstrap(cloud, client, "whole")
        assert whole.wait()["StatusCode"] == 0, whole.logs()
        told = b""
        for count in (5, 20, 30):
            killed = bootstrap(cloud, client, "killed")
            until(lambda: len(query(cloud, "SHOW TABLES FROM killed")) >= count)
            killed.kill()
            told += killed.logs()
        last = bootstrap(cloud, client, "killed")
        assert last.wait()["StatusCode"] == 0, last.logs()
        assert b"done before the interruption: " in told + last.logs()
    assert tables(cloud, "killed") == tables(cloud, "whole")


@pytest.mark.exhaustive
def test_a_first_start_with_a_later_release_expands_what_it_finds_and_contracts_nothing(cloud):
    with cloud.deployment.engine.client() as client:
        later = bootstrap(cloud, client, "whole", "2026.1")
        assert later.wait()["StatusCode"] == 0, later.logs()
    steps = query(
        cloud, "SELECT phase, release_name, done FROM whole.kolla_schema"
        " WHERE phase IN ('expand', 'contract') ORDER BY phase"
    )
    assert steps == ["contract\t2025.2\t1", "expand\t2026.1\t1"]
    assert query(cloud, "SELECT release_name, confirmed FROM whole.kolla_hosts") == ["2026.1\t0"]


@pytest.mark.parametrize("old, new", [
    pytest.param(*RELEASES[:2], marks=pytest.mark.exhaustive), RELEASES[1:],
])
def test_data_stays_on_the_way_to_the_next_release_and_one_step_back(cloud, old, new):
    deployment = cloud.deployment
    for name in SERVICES:
        act(deployment, "upgrade", name, "--release", new)
        assert ledger(deployment, name) == [
            f"{name} on testhost ({new}, not confirmed)",
            f"expand for {new} by testhost", f"contract for {old} by testhost",
        ]
    intact(cloud)
    for name in reversed(SERVICES):
        act(deployment, "rollback", name)
        assert cloud.current(name)["release"] == old
        assert ledger(deployment, name)[0] == f"{name} on testhost ({old}, not confirmed)"
    intact(cloud)
    for name in SERVICES:
        assert act(deployment, "upgrade", name, "--release", new)["outcome"] == "done"
    intact(cloud)
    for name in SERVICES:
        assert act(deployment, "confirm", name)["outcome"] == "done"
        assert ledger(deployment, name) == [
            f"{name} on testhost ({new}, confirmed)",
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
        assert ledger(cloud.deployment, name)[0] == f"{name} on testhost (2026.2, confirmed)"


def test_dumps_are_private_and_each_is_from_before_the_first_try_of_an_upgrade(cloud, releases):
    for name in SERVICES:
        found = dumps(cloud.deployment, name)
        assert {f.stat().st_mode & 0o777 for f in found} == {0o600}
        assert {f.stat().st_uid for f in found} == {0}
        assert all(b"INSERT INTO" in gzip.decompress(f.read_bytes()) for f in found)
        assert all(f.name.startswith(f"{name}-before-g") for f in found)
        left = [re.search("-from-(.*?)-", f.name).group(1) for f in found]
        assert tuple(left) == releases[:-1]


@pytest.mark.parametrize("statement", [
    "GRANT ALL ON *.* TO evil@'%' IDENTIFIED BY 'x';", "USE glance; DROP TABLE images;",
    "\\! touch /tmp/evil", "SELECT 1 INTO OUTFILE '/var/lib/mysql/tmp/evil';",
])
def test_a_dump_that_was_tampered_with_reaches_no_other_data_and_no_shell(cloud, statement):
    done = restore(cloud.deployment, statement.encode())
    assert done.returncode != 0, done.stdout
    found = cloud.deployment.kolla(
        "container", "exec", "mariadb", "--", "find", "/tmp", "/var/lib/mysql/tmp",
        "-name", "evil",
    )
    assert found.stdout == ""
    left_over = "SELECT user FROM mysql.user WHERE user IN ('evil', 'kolla_restore')"
    assert query(cloud, left_over) == []
    intact(cloud)


def test_a_dump_brings_the_data_and_the_way_back(cloud):
    """As the guide "How an upgrade works" has it."""
    deployment = cloud.deployment
    with cloud.connect() as connection:
        connection.identity.create_user(name="charles", password="babbage")
    dump = dumps(deployment, "keystone")[-1]
    deployment.kolla("container", "stop", "keystone")
    done = restore(deployment, gzip.decompress(dump.read_bytes()))
    assert done.returncode == 0, done.stderr
    deployment.kolla("container", "start", "keystone")
    assert ledger(deployment) == [
        "keystone on testhost (2026.1, confirmed)",
        "expand for 2026.1 by testhost", "contract for 2026.1 by testhost",
    ]
    assert act(deployment, "rollback", "keystone")["outcome"] == "done"
    assert cloud.current("keystone")["release"] == "2026.1"
    intact(cloud)
    assert "charles" not in cloud.use()

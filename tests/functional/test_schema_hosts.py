"""A database that two hosts share: each has an engine, a configuration and a state of its own."""

import subprocess
import time

import pytest

from tests.functional.conftest import new_deployment
from tests.functional.support.cloud import Cloud
from tests.functional.support.database import act, ledger, sql
from tests.functional.support.engine import Engine
from tests.functional.support.harness import Deployment

RELEASES = ("2025.2", "2026.1", "2026.2")

pytestmark = pytest.mark.exhaustive


@pytest.fixture(scope="module")
def cloud(engine, images, tmp_path_factory):
    """MariaDB and Keystone of 2026.1."""
    for release in RELEASES:
        images(release)
    with new_deployment(engine, tmp_path_factory, "hosts") as deployment:
        deployment.configure("[host]\nenabled = mariadb,keystone\n")
        deployment.kolla("config", "passwords")
        deployment.kolla("set", "start")
        yield Cloud(deployment)


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
    assert ledger(first)[0] == "keystone on ctl2 (2026.1, confirmed)"
    act(first, "upgrade", "keystone", "--release", "2026.2")
    row = act(first, "confirm", "keystone")
    assert "it waits for keystone on ctl2 (2026.1, confirmed)" in row["reason"]
    act(second, "upgrade", "keystone", "--release", "2026.2")
    assert "expand for 2026.2 by testhost" in ledger(second)
    assert "contract for 2026.1 by testhost" in ledger(second)


def test_a_host_that_has_gone_back_holds_the_others_up_again(cloud, second):
    first = cloud.deployment
    act(first, "rollback", "keystone")
    row = act(second, "confirm", "keystone")
    assert "it waits for keystone on testhost (2026.1, not confirmed)" in row["reason"]
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
    assert "forgotten: keystone on ctl2" in cloud.deployment.kolla(*forget).stdout
    assert ledger(cloud.deployment)[0] == "keystone on testhost (2026.2, confirmed)"
    done = cloud.deployment.kolla(*forget, expect=1)
    assert "there is no host ctl2, only keystone on testhost" in done.stderr
    assert cloud.use() == ["admin"]

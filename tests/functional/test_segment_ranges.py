"""Neutron whose networks get their numbers from ranges (network_segment_range).

The expansion for 2026.1 changes these: the one way back to 2025.2 is the dump.
"""

import gzip
from collections.abc import Iterator

import pytest

from tests.functional.conftest import new_deployment
from tests.functional.support.cloud import QUICK_LOGINS, Cloud
from tests.functional.support.database import dumps, restore

RELEASES = ("2025.2", "2026.1")
SET = "neutron-server"
CONFIGURATION = f"""\
[DEFAULT]
release = {RELEASES[0]}

[host]
enabled = mariadb, rabbitmq, keystone, {SET}

[neutron/DEFAULT]
service_plugins = router,network_segment_range

""" + QUICK_LOGINS

pytestmark = pytest.mark.service


@pytest.fixture(scope="module")
def cloud(engine, builder, images, tmp_path_factory) -> Iterator[Cloud]:
    """The servers of Neutron 2025.2, and what they need."""
    images(RELEASES[0])
    for release in RELEASES:
        builder.only("neutron", release=release)
    with new_deployment(engine, tmp_path_factory, "ranges") as deployment:
        deployment.configure(CONFIGURATION, "20-cloud")
        deployment.kolla("config", "passwords")
        deployment.kolla("set", "start")
        yield Cloud(deployment)


def release(cloud: Cloud) -> str:
    return cloud.current("neutron-api")["release"]


def number_of(cloud: Cloud, name: str) -> int:
    """Which number a new network gets."""
    with cloud.connect() as connection:
        return connection.network.create_network(name=name).provider_segmentation_id


def test_a_later_release_is_refused_where_no_dump_would_lead_back(cloud):
    path = cloud.deployment.configure("[engine]\ndump_before_upgrade = false\n", "80-option")
    refused = cloud.deployment.kolla(
        "set", "upgrade", SET, "--release", RELEASES[1], expect=1
    ).stderr
    path.unlink()
    assert "dump_before_upgrade = false leaves no way back" in " ".join(refused.split())
    assert release(cloud) == RELEASES[0]
    assert number_of(cloud, "before")


def test_a_later_release_says_that_the_way_back_is_the_dump(cloud):
    told = cloud.deployment.kolla("set", "upgrade", SET, "--release", RELEASES[1]).stderr
    assert "to go back, restore the dump" in " ".join(told.split())
    assert release(cloud) == RELEASES[1]
    assert number_of(cloud, "after")


def test_the_dump_leads_back_to_the_earlier_release(cloud):
    """As the guide "How an upgrade works" has it."""
    kolla = cloud.deployment.kolla
    dump = dumps(cloud.deployment, "neutron")[0]
    kolla("set", "stop", SET)
    done = restore(cloud.deployment, gzip.decompress(dump.read_bytes()), "neutron")
    assert done.returncode == 0, done.stderr
    kolla("set", "start", SET)
    kolla("set", "rollback", SET)
    assert release(cloud) == RELEASES[0]
    with cloud.connect() as connection:
        assert [network.name for network in connection.network.networks()] == ["before"]
    assert number_of(cloud, "back")

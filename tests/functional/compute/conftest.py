"""One cloud with one virtual machine for all tests of this folder, which leave both running."""

from collections.abc import Iterator

import pytest

from tests.functional.conftest import NETWORK
from tests.functional.support.cloud import Cloud
from tests.functional.support.images import COMPUTE, OPTIONAL
from tests.functional.support.plugged import Guest, plugged
from tests.functional.support.server import Server, boot, whole

BEFORE, AFTER = "2026.1", "2026.2"
MEASURING = ("gnocchi", "ceilometer", "ceilometer-compute")


@pytest.fixture(scope="package")
def cloud(engine, builder, images, services, tmp_path_factory) -> Iterator[Cloud]:
    """All of it on a machine of its own, started from nothing. The tests are in its network.

    It has no way out, so images are built before.
    """
    images(BEFORE)
    builder.only(*OPTIONAL, *COMPUTE, *MEASURING * services, release=BEFORE)
    builder.only(*OPTIONAL, *["nova-compute"] * services, release=AFTER)
    with whole(engine, tmp_path_factory.mktemp("compute"), f"{NETWORK}.203") as cloud:
        cloud.deployment.kolla("set", "start", timeout=1500)
        yield cloud


@pytest.fixture(scope="package")
def server(cloud) -> Server:
    """A virtual machine that a user has booted, and that is reached."""
    return boot(cloud)


@pytest.fixture(scope="package")
def guest(cloud) -> Guest:
    """A port that stands for another one, before it has its address."""
    return plugged(cloud)

"""One cloud for all tests of this folder, which leave it running."""

from collections.abc import Iterator

import pytest

from tests.functional.conftest import new_deployment
from tests.functional.support.cloud import QUICK_LOGINS, Cloud, process_list_watched

CONFIGURATION = """\
[database]
tls = true
require_tls = true

[messaging]
tls = true
max_connections = 200

""" + QUICK_LOGINS


@pytest.fixture(scope="package")
def cloud(engine, images, tmp_path_factory) -> Iterator[Cloud]:
    """MariaDB, RabbitMQ, Keystone and Glance of 2026.1, started from nothing.

    MariaDB and RabbitMQ are reached over TLS only; Keystone and Glance without it, for the
    sake of simple clients.
    """
    images("2026.1")
    images("2026.2")
    with new_deployment(engine, tmp_path_factory, "cloud") as deployment:
        deployment.kolla("config", "passwords")
        deployment.kolla("config", "certificates")
        deployment.configure(CONFIGURATION, "20-cloud")
        cloud = Cloud(deployment)
        with process_list_watched(list(cloud.secrets().values())) as exposed:
            cloud.started = deployment.kolla("set", "start", "-f", "json").json()
        cloud.exposed = exposed
        yield cloud

"""What a service has in MariaDB and in Keystone goes with its data."""

import os

from tests.functional.support.database import query

NAME = "glance-api"


def test_a_service_deleted_with_its_data_leaves_nothing_and_can_be_set_up_again(cloud):
    cloud.deployment.kolla("container", "delete", NAME, "--data", "--yes")
    assert "glance" not in query(cloud, "SHOW DATABASES")
    assert "glance" not in query(cloud, "SELECT user FROM mysql.global_priv")
    with cloud.connect() as connection:
        known = connection.identity
        assert [user.name for user in known.users()] == ["admin"]
        assert [service.type for service in known.services()] == ["identity"]
        assert {endpoint.service_id for endpoint in known.endpoints()} == {
            service.id for service in known.services()}

    cloud.deployment.kolla("container", "start", NAME)
    content = os.urandom(1 << 16)
    with cloud.connect() as connection:
        image = connection.image.create_image(
            "anew", data=content, disk_format="raw", container_format="bare")
        assert [each.name for each in connection.image.images()] == ["anew"]
        assert connection.image.download_image(image).content == content

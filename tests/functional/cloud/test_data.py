"""MariaDB and RabbitMQ: their data survives a replacement, and cannot be taken back."""

import socket
import ssl

import amqp
import pytest

from tests.functional.support.cloud import Cloud
from tests.functional.support.harness import derive
from tests.functional.support.watching import asking, untouched

ARGUMENTS = {
    "mariadb": "[database]\nmax_connections = {}\n",
    "rabbitmq": "[messaging]\nmemory_share = 0.{}\n",
}
VERSIONS = {"mariadb": "11.", "rabbitmq": "4."}


def sql(cloud: Cloud, statement: str) -> str:
    """As an operator who has entered the container; root needs no password there."""
    return cloud.deployment.kolla(
        "container", "exec", "mariadb", "--", "mariadb", "--user=mysql", "-NBe", statement
    ).stdout


@pytest.fixture(scope="module")
def table(cloud):
    sql(cloud, "CREATE DATABASE IF NOT EXISTS test;"
               "CREATE OR REPLACE TABLE test.kept (text TEXT) CHARACTER SET utf8mb4;"
               "INSERT INTO test.kept VALUES ('kept')")
    return "test.kept"


def greeting(cloud: Cloud) -> str:
    """MariaDB's greeting to a client, which has its version."""
    with socket.create_connection((cloud.deployment.address, 3306), timeout=10) as connection:
        return connection.recv(128).decode(errors="replace")


def broker(cloud: Cloud) -> amqp.Connection:
    return amqp.Connection(
        f"{cloud.deployment.address}:5672", "openstack", cloud.secrets()["messaging.password"],
        connect_timeout=10,
        ssl={
            "ca_certs": cloud.certificates / "rabbitmq" / "authority.crt",
            "cert_reqs": ssl.CERT_REQUIRED, "server_hostname": cloud.deployment.address,
        },
    )


@pytest.fixture(scope="module")
def queue(cloud):
    with broker(cloud) as connection:
        channel = connection.channel()
        channel.queue_declare("kept", durable=True, auto_delete=False)
        channel.basic_publish(amqp.Message("kept", delivery_mode=2), routing_key="kept")
        channel.close()
    return "kept"


def peek(cloud: Cloud, queue: str) -> str:
    """The message, which stays where it is."""
    with broker(cloud) as connection:
        return connection.channel().basic_get(queue).body


def upgrade(cloud: Cloud, name: str, *options: str) -> dict:
    (row,) = cloud.deployment.kolla("container", "upgrade", name, *options, "-f", "json").json()
    return row


def test_rows_survive_a_replacement_and_the_outage_is_told(cloud, table):
    cloud.deployment.configure(ARGUMENTS["mariadb"].format(567), "80-data")
    row = upgrade(cloud, "mariadb")
    assert row["outcome"] == "done" and 0 < row["unavailable"] <= row["seconds"]
    print(f"MariaDB was replaced in {row['seconds']} s, gone for {row['unavailable']} s")
    assert sql(cloud, f"SELECT text FROM {table}") == "kept\n"
    assert sql(cloud, "SELECT @@max_connections") == "567\n"
    assert cloud.use() == ["admin", "glance"]


@pytest.mark.exhaustive
def test_rows_survive_a_rollback(cloud, table):
    assert upgrade(cloud, "mariadb")["outcome"] == "unchanged"
    cloud.deployment.kolla("container", "rollback", "mariadb")
    assert sql(cloud, f"SELECT text FROM {table}") == "kept\n"
    assert sql(cloud, "SELECT @@max_connections") == "1000\n"


def test_messages_survive_a_replacement_and_the_outage_is_told(cloud, queue):
    cloud.deployment.configure(ARGUMENTS["rabbitmq"].format(39), "80-data")
    row = upgrade(cloud, "rabbitmq")
    assert row["outcome"] == "done" and 0 < row["unavailable"] <= row["seconds"]
    print(f"RabbitMQ was replaced in {row['seconds']} s, gone for {row['unavailable']} s")
    assert peek(cloud, queue) == "kept"


@pytest.mark.parametrize("name", ARGUMENTS)
def test_downgrade_is_refused_before_anything_is_touched(cloud, name):
    image = cloud.current(name)["image"]
    assert cloud.current(name)["version"].startswith(VERSIONS[name])
    older = derive(cloud.deployment.engine, image, f"kolla-test/{name}-older",
                   "LABEL org.opencontainers.image.version=1.2.3")
    with untouched(cloud.deployment):
        done = cloud.deployment.kolla("container", "upgrade", name, "--image", older, expect=1)
    assert f"{name} cannot go back from version {VERSIONS[name]}" in done.stderr
    assert "1.2.3" in done.stderr and "restore a backup" in done.stderr


def test_option_that_mariadb_refuses_never_stops_it(cloud):
    number = cloud.current("mariadb")["generation"]
    path = cloud.deployment.configure("[mariadb/mysqld]\nbinlog_format = nonsense\n", "81-bad")
    try:
        with asking(lambda: greeting(cloud)) as answers:
            done = cloud.deployment.kolla("container", "upgrade", "mariadb", expect=1)
    finally:
        path.unlink()
    assert answers.failures == [] and "MariaDB" in answers.given[-1]
    assert "MariaDB refuses its configuration" in done.stderr and "nonsense" in done.stderr
    assert cloud.running("mariadb") == [f"mariadb-g{number}"]


@pytest.mark.exhaustive
def test_mariadb_that_cannot_start_makes_way_for_the_old_one_again(cloud, table):
    number = cloud.current("mariadb")["generation"]
    path = cloud.deployment.configure("[mariadb/mysqld]\ninnodb_page_size = 8k\n", "81-bad")
    try:
        done = cloud.deployment.kolla("container", "upgrade", "mariadb", "-f", "json", expect=1)
    finally:
        path.unlink()
    (row,) = done.json()
    assert f"generation {number} serves" in row["reason"]
    print(f"MariaDB came back after {row['unavailable']} s")
    assert "innodb_page_size" in done.stderr
    assert sql(cloud, f"SELECT text FROM {table}") == "kept\n"
    assert cloud.use() == ["admin", "glance"]


def test_unknown_option_of_mariadb_is_refused_before_anything_is_touched(cloud):
    path = cloud.deployment.configure("[mariadb/mysqld]\nmax_conections = 5\n", "81-bad")
    try:
        with untouched(cloud.deployment):
            done = cloud.deployment.kolla("container", "upgrade", "mariadb", expect=1)
    finally:
        path.unlink()
    assert f"{path}:2" in done.stderr and "max_connections" in done.stderr


def test_data_survives_deletion_and_is_there_for_the_next_generation(cloud, queue):
    number = cloud.current("rabbitmq")["generation"]
    cloud.deployment.kolla("container", "delete", "rabbitmq", "--yes")
    assert cloud.running("rabbitmq") == []
    rows = cloud.deployment.kolla("container", "start", "rabbitmq", "-f", "json").json()
    assert rows[0]["after"] == number + 1
    assert peek(cloud, queue) == "kept"

"""What plugins of OpenStack services share."""

from kolla_plugins.openstack import (
    database_environment, database_task, service_environment, worker_environment,
)


def test_a_service_has_one_database_unless_it_says_otherwise():
    told = service_environment("glance")
    assert told["OS_DATABASE__CONNECTION"].startswith(
        "mysql+pymysql://${url:glance.database_user}:${url:glance.database_password}@"
    )
    assert "/${glance.database_name}" in told["OS_DATABASE__CONNECTION"]
    assert "KOLLA_SCHEMA_DATABASES" not in told


def test_the_first_of_several_databases_is_named_first_as_it_holds_the_ledger():
    told = database_environment("nova", {
        "OS_API_DATABASE__CONNECTION": "api_database_name",
        "OS_DATABASE__CONNECTION": "database_name",
    })
    assert told["KOLLA_SCHEMA_DATABASES"] == "OS_API_DATABASE__CONNECTION OS_DATABASE__CONNECTION"
    assert "/${nova.api_database_name}" in told["OS_API_DATABASE__CONNECTION"]
    task = database_task("nova", "api_database_name", "api-database")
    assert task.environment["KOLLA_DATABASE_NAME"] == "${nova.api_database_name}"


def test_a_service_that_must_not_see_a_database_is_told_of_none():
    assert not [name for name in service_environment("nova", {}) if "DATABASE" in name]


def test_a_worker_finds_the_broker_and_is_asked_over_it():
    told = worker_environment("conductor")
    assert told["OS_DEFAULT__TRANSPORT_URL"] == (
        "rabbit://${url:messaging.user}:${url:messaging.password}"
        "@${messaging.address}:${messaging.port}//"
    )
    assert told["KOLLA_RPC_QUEUE"] == f"conductor.{told['OS_DEFAULT__HOST']}"
    assert told["OS_DEFAULT__RPC_PING_ENABLED"] == "true"

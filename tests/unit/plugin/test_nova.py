"""What the plugins of Nova declare."""

import pytest

from kolla_plugins.nova.api import METADATA_SERVICE, NOVA_API
from kolla_plugins.nova.compute import NOVA_COMPUTE
from kolla_plugins.nova.console import NOVA_NOVNCPROXY
from kolla_plugins.nova.shared import nova_environment
from kolla_plugins.nova.workers import NOVA_CONDUCTOR, NOVA_SCHEDULER

FOLLOWERS = (METADATA_SERVICE, NOVA_API, NOVA_NOVNCPROXY, NOVA_SCHEDULER)
ALL = (NOVA_CONDUCTOR, *FOLLOWERS)


@pytest.mark.parametrize("container", FOLLOWERS, ids=lambda container: container.name)
def test_the_conductor_is_upgraded_before_all_others(container):
    assert "nova-conductor" in container.follows


def test_the_databases_are_dumped_and_checked_once_by_the_one_that_is_first():
    assert [container.name for container in ALL if container.dump] == ["nova-conductor"]
    assert [container.name for container in ALL if container.verify] == ["nova-conductor"]


@pytest.mark.parametrize("container", ALL, ids=lambda container: container.name)
def test_the_version_of_each_service_is_taken_back_before_an_earlier_release(container):
    assert [task.command[0] for task in container.before_rollback] == [
        "kolla-schema", "kolla-service-version"
    ]


@pytest.mark.parametrize("container", ALL, ids=lambda container: container.name)
def test_only_tasks_are_told_of_cell0(container):
    assert not [name for name in container.environment if "CELL0" in name]
    (bootstrap,) = (task for task in container.bootstrap if task.name == "bootstrap")
    for task in (bootstrap, *container.dump, *container.expand):
        databases = task.environment["KOLLA_SCHEMA_DATABASES"].split()
        assert databases[-1] == "KOLLA_CELL0_CONNECTION"
        assert set(databases) <= set(task.environment)


def test_what_every_service_of_nova_is_told_leads_to_no_database():
    assert not [name for name in nova_environment() if "DATABASE" in name]


@pytest.mark.parametrize("container", (*ALL, NOVA_COMPUTE), ids=lambda container: container.name)
def test_hypervisors_of_an_earlier_release_are_sent_what_they_understand(container):
    assert container.environment["OS_UPGRADE_LEVELS__COMPUTE"] == "auto"


def test_the_first_of_nova_makes_its_databases_and_its_user():
    assert [task.name for task in NOVA_CONDUCTOR.bootstrap] == [
        "api-database", "cell0-database", "database", "bootstrap", "identity"
    ]


def test_what_says_how_often_hypervisors_are_looked_for_is_read_before_the_manager_is_loaded():
    assert "nova.scheduler.manager" not in NOVA_SCHEDULER.environment["KOLLA_PRELOAD"]


def test_virtual_machines_are_told_apart_behind_the_agents_that_ask_for_them():
    assert "${host.internal_address}" in METADATA_SERVICE.environment["KOLLA_PROXIES"]

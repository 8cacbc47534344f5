"""What the plugins of Heat declare."""

import pytest

from kolla.plugin import Strategy
from kolla_plugins.heat import ENVIRONMENT, FINISHES, HEAT_API, HEAT_API_CFN, HEAT_ENGINE

APIS = (HEAT_API, HEAT_API_CFN)
ALL = (HEAT_ENGINE, *APIS)


@pytest.mark.parametrize("container", APIS, ids=lambda container: container.name)
def test_the_engine_is_upgraded_before_the_apis(container):
    assert "heat-engine" in container.follows


def test_the_database_is_dumped_and_checked_once_by_the_one_that_is_first():
    assert [container.name for container in ALL if container.dump] == ["heat-engine"]
    assert [container.name for container in ALL if container.verify] == ["heat-engine"]


def test_the_engine_has_time_to_finish_what_it_makes():
    assert HEAT_ENGINE.strategy is Strategy.HANDOVER
    told = int(HEAT_ENGINE.environment["OS_DEFAULT__GRACEFUL_SHUTDOWN_TIMEOUT"])
    assert told == FINISHES < HEAT_ENGINE.stop_grace


def test_a_trust_alone_says_for_which_project_it_is():
    assert ENVIRONMENT["OS_TRUSTEE__USERNAME"] == "${heat.user}"
    assert not [name for name in ENVIRONMENT if name.startswith("OS_TRUSTEE__PROJECT")]


@pytest.mark.parametrize("container, kind, place", [
    (HEAT_ENGINE, "orchestration", "heat"), (HEAT_API_CFN, "cloudformation", "heat_cfn"),
], ids=["orchestration", "cloudformation"])
def test_both_apis_are_in_the_catalog_at_their_own_addresses(container, kind, place):
    (identity,) = (task for task in container.bootstrap if task.name == "identity")
    assert identity.environment["KOLLA_SERVICE_TYPE"] == kind
    assert identity.environment["KOLLA_SERVICE_USER"] == "${heat.user}"
    assert identity.environment["KOLLA_SERVICE_PUBLIC_URL"].startswith(f"${{{place}.public_url}}")


@pytest.mark.parametrize("container", ALL, ids=lambda container: container.name)
def test_the_domain_goes_with_the_container_that_is_the_last_one(container):
    domain, everything = container.teardown
    assert domain.command == ("kolla-heat-domain", "remove")
    assert everything.command == ("kolla-teardown",)

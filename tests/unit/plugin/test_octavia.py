"""What the plugin of Octavia declares."""

import pytest

from kolla.plugin import Strategy
from kolla_plugins import sets
from kolla_plugins.octavia.control import (
    AMPHORAE, FINISHES, OCTAVIA_API, OCTAVIA_DRIVER_AGENT, OCTAVIA_HEALTH_MANAGER,
    OCTAVIA_HOUSEKEEPING, OCTAVIA_WORKER,
)
from kolla_plugins.octavia.shared import MAKER_FILES, OPTIONS, STATE
from tests.unit.support.plugins import make_container, make_settings

MAKERS = (OCTAVIA_WORKER, OCTAVIA_HEALTH_MANAGER, OCTAVIA_HOUSEKEEPING)
ALL = (*MAKERS, OCTAVIA_DRIVER_AGENT, OCTAVIA_API)
AUTHORITY, CLIENT = "octavia.amphora_authority", "octavia.amphora_client"


def names(containers) -> list[str]:
    return [container.name for container in containers]


def test_a_host_of_before_starts_none_of_it_by_itself():
    assert sets.OCTAVIA_CONTROLLER.optional and OCTAVIA_API.optional


def test_the_database_is_dumped_and_checked_once_by_the_one_that_is_first():
    assert names(each for each in ALL if each.dump) == ["octavia-worker"]
    assert names(each for each in ALL if each.verify) == ["octavia-worker"]


def test_the_api_is_upgraded_last_and_loses_no_request():
    assert OCTAVIA_API.strategy is Strategy.HANDOVER and OCTAVIA_API.hold
    assert set(OCTAVIA_API.follows) == set(names(ALL)) - {"octavia-api"}


def test_a_load_balancer_that_is_being_made_is_finished_before_its_worker_ends():
    assert OCTAVIA_WORKER.strategy is Strategy.HANDOVER
    told = int(OCTAVIA_WORKER.environment["OS_DEFAULT__GRACEFUL_SHUTDOWN_TIMEOUT"])
    assert told == FINISHES < OCTAVIA_WORKER.stop_grace
    assert OCTAVIA_HEALTH_MANAGER.stop_grace >= FINISHES


@pytest.mark.parametrize("container", ALL, ids=lambda container: container.name)
def test_only_what_makes_amphorae_has_the_keys_to_them(container):
    """Whoever has both can read and change what each amphora does."""
    held = "".join(file.text for file in container.files)
    assert (f"${{{AUTHORITY}}}" in held) is (container in MAKERS)
    assert (f"${{{CLIENT}}}" in held) is (container in MAKERS)
    assert ("OS_HEALTH_MANAGER__HEARTBEAT_KEY" in container.environment) is (container in MAKERS)


def test_amphorae_get_no_key_but_their_own():
    """What Octavia hands to them: who signs, and whom they are to trust."""
    files = {file.path: file.text for file in MAKER_FILES}
    environment = OCTAVIA_WORKER.environment
    for variable in ("OS_HAPROXY_AMPHORA__SERVER_CA", "OS_CONTROLLER_WORKER__CLIENT_CA"):
        assert files[environment[variable]].startswith("${public:")


@pytest.mark.parametrize("network, why", [
    ("10.254.240.5/20", "10.254.240.5/20 has host bits set"), ("fd00::/64", "Expected 4 octets"),
])
def test_what_is_no_network_is_refused_before_anything_is_started(tmp_path, network, why):
    text = f"[octavia]\nmanagement_network = {network}\n"
    manager = make_container("octavia-health-manager", options=OPTIONS)
    settings = make_settings(tmp_path, text, manager)
    (problem,) = settings.problems()
    told = f"{tmp_path}/kolla.conf:2: [octavia] management_network: '{network}' is not a valid"
    assert str(problem).startswith(told) and why in problem.message


def test_new_amphorae_report_where_a_health_manager_listens():
    environment = OCTAVIA_HEALTH_MANAGER.environment
    (option,) = (each for each in OCTAVIA_WORKER.options["octavia"]
                 if each.name == "health_managers")
    assert option.container == "octavia-health-manager"
    listens = (environment["OS_HEALTH_MANAGER__BIND_IP"],
               environment["OS_HEALTH_MANAGER__BIND_PORT"])
    assert option.text == ":".join(listens)


def test_only_what_makes_amphorae_first_carries_their_disk():
    assert OCTAVIA_WORKER.image.name == "octavia-amphora"
    assert {each.image.name for each in ALL if each is not OCTAVIA_WORKER} == {"octavia"}


def test_what_amphorae_take_is_there_before_the_worker_and_gone_before_its_user():
    for phase in (OCTAVIA_WORKER.bootstrap, OCTAVIA_WORKER.expand):
        assert names(phase)[-2:] == ["amphorae-prepare", "amphorae-join"]
    assert [task.first for task in AMPHORAE] == [True, False]
    assert names(OCTAVIA_WORKER.teardown) == ["amphorae-remove", "teardown"]


@pytest.mark.parametrize("container", MAKERS, ids=lambda container: container.name)
def test_whatever_makes_amphorae_reads_what_was_prepared(container):
    assert container.volumes == (STATE,)
    assert container.command[0] == "kolla-octavia"
    assert container.environment["KOLLA_MANAGEMENT_NETWORK"] == "${octavia.management_network}"

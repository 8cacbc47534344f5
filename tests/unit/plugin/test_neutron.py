"""What the plugins of Neutron declare, where a slip would not be noticed at once."""

from types import SimpleNamespace

import pytest

from kolla_plugins.neutron import agents, server

SERVERS = (server.NEUTRON_API, server.NEUTRON_RPC_SERVER, server.NEUTRON_PERIODIC_WORKERS)
AGENTS = (
    agents.NEUTRON_OPENVSWITCH_AGENT, agents.DHCP_AGENT, agents.L3_AGENT, agents.METADATA_AGENT,
)


@pytest.mark.parametrize("container", AGENTS, ids=lambda container: container.name)
def test_an_agent_sees_no_database_and_is_upgraded_after_the_servers(container):
    assert not [name for name in container.environment if "DATABASE" in name]
    assert container.follows == ("neutron-rpc-server",)


@pytest.mark.parametrize("container", SERVERS, ids=lambda container: container.name)
def test_each_server_says_in_the_ledger_which_release_it_runs(container):
    assert container.expand and container.contract and container.before_rollback
    assert "schema" in str(container.bootstrap) and container.project == "neutron"


@pytest.mark.parametrize("container", SERVERS, ids=lambda container: container.name)
def test_a_cloud_without_nova_is_asked_for_no_authority_of_it(container):
    (file,) = (file for file in container.files if file.path.endswith("nova.crt"))
    assert file.content(SimpleNamespace(hosts=lambda name: [])) == ""


def test_memory_grows_with_processes_only_where_these_run():
    growing = {one.name for one in SERVERS if "neutron.rpc_workers" in one.limits.memory}
    assert growing == {"neutron-rpc-server"}


def test_servers_load_the_same_plugins():
    loaded = [
        {name: text for name, text in one.environment.items() if name.startswith("OS_ML2")}
        for one in SERVERS
    ]
    assert loaded[0] == loaded[1] == loaded[2]


@pytest.mark.parametrize("container", AGENTS, ids=lambda container: container.name)
def test_what_outlives_an_agent_finds_its_state_again(container):
    if container.outlived_by:
        assert agents.STATE in container.volumes and container.farewell

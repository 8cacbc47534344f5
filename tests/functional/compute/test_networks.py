"""Neutron: what is plugged into a network gets an address and a router, and keeps them."""

import http.client

import pytest

from tests.functional.support.namespaces import within
from tests.functional.support.plugged import DEVICE, SPACE, ip
from tests.functional.support.server import AGENTS
from tests.functional.support.watching import asking, get, until

PORT = 9696


def test_a_port_gets_its_address_and_reaches_the_outside(guest):
    given = guest.lease()
    assert str(given.interface.ip) == guest.address
    ip(guest.host, "-n", SPACE, "address", "add", str(given.interface), "dev", DEVICE)
    ip(guest.host, "-n", SPACE, "route", "add", "default", "via", given.router)
    with guest.at_work():
        pass
    refused = within(guest.inner, lambda: status("169.254.169.254", 80))
    assert refused == 404  # nobody's virtual machine: the agent has looked it up


def status(address: str, port: int) -> int:
    connection = http.client.HTTPConnection(address, port, timeout=30)
    connection.request("GET", "/")
    return connection.getresponse().status


def test_no_packet_is_lost_while_all_agents_are_replaced(guest):
    before = guest.children()
    path = guest.host.configure("[neutron/DEFAULT]\nagent_down_time = 80\n", "80-option")
    with guest.at_work() as (out, back):
        guest.host.kolla("container", "upgrade", *AGENTS)
        assert guest.lease().asked == 1
    path.unlink()
    assert (out.lost, back.lost) == (0, 0)
    assert guest.children() == before


def test_an_agent_that_dies_takes_nothing_with_it(guest):
    before = guest.children()
    with guest.at_work() as (out, back):
        with guest.host.engine.client() as client:
            for agent in AGENTS:
                (found,) = client.containers.list(filters={"label": f"kolla.container={agent}"})
                found.kill()
        assert guest.lease().asked == 1
    assert (out.lost, back.lost) == (0, 0)
    assert guest.children() == before
    guest.host.kolla("container", "start", *AGENTS)


def test_no_request_fails_while_the_servers_are_replaced(guest):
    path = guest.host.configure("[neutron/DEFAULT]\nagent_down_time = 81\n", "80-option")

    with asking(lambda: get(guest.host.address, PORT)) as visitors:
        guest.host.kolla("set", "upgrade", "neutron-server")
    path.unlink()
    assert visitors.failures == [] and visitors.given


@pytest.mark.service
def test_a_broker_that_is_away_is_nobodys_fault_but_its_own(guest):
    guest.host.kolla("container", "stop", "rabbitmq")
    names = ("neutron-rpc-server", *AGENTS[:3])
    found = guest.host.kolla("container", "check", *names, "-f", "json", expect=None).json()
    assert {row["health"] for row in found} == {"degraded"}
    guest.host.kolla("container", "start", "rabbitmq")
    until(lambda: guest.host.kolla("container", "check", *names, expect=None).exit_code == 0, 120)

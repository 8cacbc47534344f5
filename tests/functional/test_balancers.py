"""A load balancer in front of two members, made by kolla's own image of amphorae.

Only the amphora is a virtual machine: members and their client are ports in namespaces.
"""

import dataclasses
import http.server
import os
import pathlib
import signal
import threading
from collections.abc import Iterator

import pytest

from tests.functional.conftest import NETWORK
from tests.functional.support.balancers import CONTAINERS, Balancers
from tests.functional.support.cloud import Cloud
from tests.functional.support.guest import first, processes
from tests.functional.support.images import COMPUTE, OPTIONAL
from tests.functional.support.namespaces import within
from tests.functional.support.plugged import into_open_vswitch, ip
from tests.functional.support.server import whole
from tests.functional.support.watching import asking, get, until

pytestmark = pytest.mark.service

BEFORE, AFTER = "2026.1", "2026.2"
#: Octavia waits as long as a processor takes that is interpreted, on a busy machine.
CONFIGURATION = f"""\
[host]
enabled = all, nova-api, placement-api, openstack-control, openstack-compute-operation,
          openstack-network-operation, octavia-api, octavia-controller

[neutron]
physical_networks = {first.PHYSICAL}:br-ex, amphorae:br-amphora
bridge_addresses = br-ex:{first.GATEWAY}/24, br-amphora:10.254.240.2/20

[octavia]
management_network = 10.254.240.0/20
management_address = 10.254.240.2

[octavia/amphora_agent]
agent_request_read_timeout = 600

[octavia/haproxy_amphora]
connection_max_retries = 400
rest_request_conn_timeout = 60
rest_request_read_timeout = 600

[octavia/controller_worker]
amp_active_retries = 120

[octavia/health_manager]
heartbeat_timeout = 300
"""
#: Seconds in which an amphora is made and answers, where its processor is interpreted.
MADE = 2400
PORT = 80


@dataclasses.dataclass
class Place:
    """A port of the tenant's network in a namespace, which stands for a virtual machine."""

    name: str
    address: str
    space: pathlib.Path

    def ask(self, address: str) -> str:
        """What it is answered at that address."""
        return within(self.space, lambda: get(address, PORT))


class Member:
    """A server that answers with the name of its place."""

    def __init__(self, place: Place):
        class Page(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.end_headers()
                self.wfile.write(place.name.encode())

            def log_message(self, *_):
                pass

        # A socket stays in the namespace where it was made.
        self._server = within(
            place.space, lambda: http.server.ThreadingHTTPServer((place.address, PORT), Page))
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(scope="module")
def cloud(engine, builder, images, tmp_path_factory) -> Iterator[Cloud]:
    """A cloud with Octavia, the image of amphorae and their network."""
    images(BEFORE)
    builder.only(*OPTIONAL, *COMPUTE, "octavia", "octavia-amphora", release=BEFORE)
    builder.only("octavia", "octavia-amphora", release=AFTER)
    with whole(engine, tmp_path_factory.mktemp("balancers"), f"{NETWORK}.209") as cloud:
        cloud.deployment.configure(CONFIGURATION, "20-octavia")
        cloud.deployment.kolla("config", "passwords")
        cloud.deployment.kolla("set", "start", timeout=3000)
        with cloud.connect() as connection:
            first.await_hypervisor(connection.compute)
        yield cloud


@pytest.fixture(scope="module")
def subnet(cloud) -> str:
    with cloud.connect() as connection:
        inside = connection.network.create_network(name="front")
        return connection.network.create_subnet(
            name="front", network_id=inside.id, cidr="10.3.0.0/24", ip_version=4).id


@pytest.fixture(scope="module")
def places(cloud, subnet) -> dict[str, Place]:
    """Two members, and their client, in one network."""
    host, found = cloud.deployment, {}
    with cloud.connect() as connection:
        network = connection.network
        inside = network.find_network("front")
        group = network.create_security_group(name="front")
        network.create_security_group_rule(
            security_group_id=group.id, direction="ingress", ethertype="IPv4")
        for name in ("one", "two", "client"):
            port = network.create_port(
                network_id=inside.id, binding_host_id=host.name, device_owner="compute:test",
                security_groups=[group.id])
            into_open_vswitch(host, port, f"{name}0", name)
            address = port.fixed_ips[0]["ip_address"]
            ip(host, "-n", name, "address", "add", f"{address}/24", "dev", f"{name}0")
            until(lambda id=port.id: network.get_port(id).status == "ACTIVE", 300)
            found[name] = Place(name, address, host.engine.root / "run" / "netns" / name)
    return found


@pytest.fixture(scope="module")
def members(places) -> Iterator[dict[str, Member]]:
    found = {name: Member(places[name]) for name in ("one", "two")}
    yield found
    for member in found.values():
        member.stop()


@dataclasses.dataclass
class Front:
    """The load balancer, and its client."""

    cloud: Cloud
    id: str
    address: str
    client: Place

    def answers(self) -> set[str]:
        """The members that answer four requests in a row; nothing if one of these failed."""
        try:
            return {self.client.ask(self.address) for _ in range(4)}
        except (OSError, AssertionError):
            return set()

    def amphora(self):
        """The one that serves, as Octavia's administrator sees it; None while there is none."""
        with self.cloud.connect() as connection:
            found = list(connection.load_balancer.amphorae(loadbalancer_id=self.id))
        return next((each for each in found if each.status == "ALLOCATED"), None)


@pytest.fixture(scope="module")
def front(cloud, subnet, places, members) -> Front:
    with cloud.connect() as connection:
        balancers, api = Balancers(connection), connection.load_balancer
        id = balancers.ready(balancers.begin(subnet), MADE)
        listener = api.create_listener(
            load_balancer_id=id, protocol="HTTP", protocol_port=PORT, name="front")
        balancers.ready(id, MADE)
        pool = api.create_pool(
            listener_id=listener.id, protocol="HTTP", lb_algorithm="ROUND_ROBIN", name="front")
        balancers.ready(id, MADE)
        for name in ("one", "two"):
            api.create_member(pool.id, address=places[name].address, protocol_port=PORT,
                              subnet_id=subnet, name=name)
            balancers.ready(id, MADE)
        # An amphora that is interpreted on a busy machine may need seconds for a look at a member.
        api.create_health_monitor(
            pool_id=pool.id, type="HTTP", delay=20, timeout=20, max_retries=2, url_path="/")
        balancers.ready(id, MADE)
        address = api.get_load_balancer(id).vip_address
    return Front(cloud, id, address, places["client"])


def test_both_members_answer_behind_one_address(front):
    until(lambda: front.answers() == {"one", "two"}, MADE)


def test_a_member_that_is_lost_is_left_out_until_it_is_back(front, places, members):
    members["two"].stop()
    until(lambda: front.answers() == {"one"}, MADE)
    members["two"] = Member(places["two"])
    until(lambda: front.answers() == {"one", "two"}, MADE)


def test_no_request_is_lost_while_octavia_is_upgraded_and_rolled_back(front):
    kolla = front.cloud.deployment.kolla
    for change in (("upgrade", "--release", AFTER), ("rollback",)):
        with asking(lambda: front.client.ask(front.address)) as answers:
            kolla("container", change[0], *CONTAINERS, *change[1:], timeout=3000)
        assert answers.failures == [] and answers.given
        print(f"{change[0]}: {len(answers.given)} requests, none failed")


def test_another_amphora_takes_over_from_one_that_is_lost(front):
    lost = front.amphora()
    (number,) = processes(lost.compute_id)
    os.kill(number, signal.SIGKILL)
    until(lambda: (found := front.amphora()) and found.id != lost.id, MADE)
    until(lambda: front.answers() == {"one", "two"}, MADE)
    with front.cloud.connect() as connection:
        Balancers(connection).ready(front.id, MADE)


def test_what_amphorae_took_is_removed_with_octavia(front):
    with front.cloud.connect() as connection:
        Balancers(connection).delete(front.id, seconds=MADE)
    front.cloud.deployment.kolla(
        "container", "delete", *CONTAINERS, "--data", "--yes", timeout=900)
    with front.cloud.connect() as connection:
        found = (connection.network.networks(), connection.image.images(),
                 connection.compute.flavors(is_public=None), connection.network.security_groups())
        assert [each.name for kind in found for each in kind if "octavia" in each.name] == []

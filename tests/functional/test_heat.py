"""A stack with a virtual machine, where everything speaks TLS."""

from collections.abc import Iterator

import pytest

from tests.functional.conftest import NETWORK
from tests.functional.support import guest
from tests.functional.support.cloud import Cloud
from tests.functional.support.guest import first, processes
from tests.functional.support.images import COMPUTE, OPTIONAL
from tests.functional.support.server import BOOTS, encrypted
from tests.functional.support.stacks import CONTAINERS, Stacks
from tests.functional.support.watching import until

BEFORE, AFTER = "2026.1", "2026.2"
CONFIGURATION = """\
[host]
enabled = all, nova-api, placement-api, openstack-control, openstack-compute-operation,
          openstack-network-operation, heat-controller, heat-api, heat-api-cfn
"""
#: A network of its own with a virtual machine in it.
STACK = {
    "heat_template_version": "2021-04-16",
    "resources": {
        "network": {"type": "OS::Neutron::Net"},
        "subnet": {
            "type": "OS::Neutron::Subnet",
            "properties": {"network": {"get_resource": "network"}, "cidr": "10.2.0.0/24"},
        },
        "machine": {
            "type": "OS::Nova::Server", "depends_on": "subnet",
            "properties": {
                "image": first.NAME, "flavor": first.NAME,
                "networks": [{"network": {"get_resource": "network"}}],
            },
        },
    },
    "outputs": {
        "machine": {"value": {"get_resource": "machine"}},
        "address": {"value": {"get_attr": ["machine", "first_address"]}},
    },
}

pytestmark = pytest.mark.service


@pytest.fixture(scope="module")
def cloud(engine, builder, images, tmp_path_factory) -> Iterator[Cloud]:
    """A cloud with Heat, and with what virtual machines are booted from."""
    images(BEFORE)
    builder.only(*OPTIONAL, *COMPUTE, "heat", release=BEFORE)
    builder.only("heat", release=AFTER)
    folder = tmp_path_factory.mktemp("heat")
    with encrypted(engine, folder, f"{NETWORK}.206", CONFIGURATION) as cloud:
        with cloud.connect() as connection:
            first.await_hypervisor(connection.compute)
            first.image(connection, guest.FOLDER)
            connection.compute.create_flavor(
                name=first.NAME, ram=first.MEMORY, vcpus=1, disk=first.DISK)
        yield cloud


def test_a_stack_boots_a_virtual_machine_while_heat_is_upgraded(cloud):
    with cloud.connect() as connection:
        stacks = Stacks(connection)
        stack = stacks.begin(STACK)
        kolla = cloud.deployment.kolla
        kolla("container", "upgrade", *CONTAINERS, "--release", AFTER, timeout=900)
        told = stacks.made(stack, BOOTS)
        found = connection.compute.get_server(told["machine"])
        assert found.status == "ACTIVE" and told["address"].startswith("10.2.0.")
        stacks.delete(stack)
    until(lambda: not processes(told["machine"]))


def test_heat_is_found_over_tls(cloud):
    with cloud.connect() as connection:
        services = {each.id: each.type for each in connection.identity.services()}
        urls = {
            endpoint.url for endpoint in connection.identity.endpoints()
            if services[endpoint.service_id] in ("orchestration", "cloudformation")
        }
    assert urls and {url.partition(":")[0] for url in urls} == {"https"}

"""Neutron 2024.2, which is declared as what the other releases are, but for the Linux bridge."""

import pytest

from kolla.catalog.catalog import Catalog
from kolla_plugins.neutron import linux_bridge

NAME = "neutron-agents-linux-bridge"


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return Catalog.load()


@pytest.fixture(scope="module")
def containers(catalog):
    return [one for one in catalog.containers.values() if one.releases == ("2024.2",)]


def test_all_of_neutron_is_there_and_runs_only_where_it_is_named(catalog, containers):
    neutron = [one for one in catalog.projects["neutron"] if one not in containers]
    assert len(containers) == len(neutron) == 7
    ordinary = catalog.ordinary(catalog.root) + [
        leaf for name in ("openstack-control", "openstack-compute-operation",
                          "openstack-network-operation")
        for leaf in catalog.ordinary(catalog.node(name))
    ]
    assert not {*containers} & {*ordinary}


def test_it_needs_and_follows_its_own_release_alone(catalog, containers):
    names = {one.name for one in containers}
    for one in containers:
        others = {*one.requires, *one.follows} - names
        assert others <= {"keystone", "mariadb", "rabbitmq"}


def test_the_whole_line_of_its_images_contains_bookworm(catalog):
    image, line = linux_bridge.AGENT_IMAGE_LINUX_BRIDGE, []
    while image.parent != "debian":
        line.append(image.suite)
        image = catalog.images[image.parent]
    assert len(line) == 4 and {*line, image.suite} == {"bookworm"}


def test_nothing_of_open_vswitch_is_left(containers):
    for one in containers:
        assert not [name for name in one.environment if name.startswith("OS_OVS")]
        assert "openvswitch" not in str((one.environment, one.volumes, one.privileges)).lower()


def test_other_releases_say_what_does_its_work(containers):
    assert {one.instead for one in containers} == {
        "Open vSwitch does the work of the Linux bridge, with neutron-agents-ovs"
    }


def test_the_name_of_old_is_that_of_the_set_with_the_agent(catalog):
    assert [leaf.name for leaf in catalog.subtree(catalog.node(NAME))] == [
        "neutron-linuxbridge-agent"]

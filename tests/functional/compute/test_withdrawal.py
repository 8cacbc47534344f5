"""What is deleted leaves nothing on the host. It comes last: no virtual machine is left."""

import pytest

from tests.functional.support.plugged import DEVICE, SPACE, ip, vsctl


@pytest.mark.service
def test_bridges_stay_as_long_as_somebody_is_plugged_into_them(guest):
    done = guest.host.kolla(
        "container", "delete", "neutron-openvswitch-agent", "--yes", expect=1
    )
    assert "delete these first" in done.stderr and DEVICE in done.stderr
    guest.host.kolla("container", "start", "neutron-openvswitch-agent")


@pytest.mark.service
def test_deleted_agents_leave_nothing_on_the_host(guest):
    vsctl(guest.host, "del-port", DEVICE)
    guest.host.kolla("container", "delete", "l3-agent", "dhcp-agent", "--yes")
    assert guest.children() == []
    assert ip(guest.host, "netns", "list").split()[:1] == [SPACE]
    assert len(ip(guest.host, "netns", "list").splitlines()) == 1
    guest.host.kolla("container", "delete", "neutron-openvswitch-agent", "--yes")
    assert vsctl(guest.host, "list-br") == ""

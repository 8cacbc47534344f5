"""What the keepalived of each host knows of the others."""

import pytest

from kolla_plugins.high_availability import peers
from tests.unit.plugin.test_haproxy import Cloud, Host, Mistake

VALUES = {"keepalived__router_id": 51, "keepalived__interface": "eth0"}


def host(number: int, **values) -> Host:
    address = {"keepalived__address": f"192.0.2.{10 + number}"}
    return Host(number, **(VALUES | address | values))


def lines(cloud: Cloud, name: str) -> list[str]:
    """What the keepalived of a host reads."""
    found = []
    for line in peers.configuration(cloud).splitlines():
        word, _, rest = line.strip().partition(" ")
        others = word.startswith("@^") and word[2:] != name
        if word in (f"@{name}", "@") or others:
            found.append(rest)
        elif not word.startswith("@"):
            found.append(line.strip())
    return found


def test_each_host_talks_to_all_others():
    cloud = Cloud(host(1), host(2), host(3))
    read = lines(cloud, "c2")
    begin = read.index("unicast_peer {")
    assert read[begin + 1:read.index("}", begin)] == ["192.0.2.11", "192.0.2.13"]
    assert "unicast_src_ip 192.0.2.12" in read and "192.0.2.10/32" in read


def test_the_first_host_comes_first_and_none_takes_the_address_back():
    cloud = Cloud(host(1), host(2), host(3))
    priorities = [line for name in ("c1", "c2", "c3") for line in lines(cloud, name)
                  if line.startswith("priority")]
    assert priorities == ["priority 254", "priority 253", "priority 252"]
    assert "nopreempt" in lines(cloud, "c1") and "state BACKUP" in lines(cloud, "c1")


def test_a_single_host_waits_for_nobody():
    read = lines(Cloud(host(1)), "c1")
    assert "state MASTER" in read and not any("unicast" in line for line in read)


def test_nothing_is_made_of_a_cloud_without_keepalived():
    assert peers.configuration(Cloud(host(1), balancers=())) == ""


@pytest.mark.parametrize("cloud, told", [
    (Cloud(host(1), host(2, keepalived__router_id=52)),
     "c2: .*router_id: it is 51 on c1, 52 on c2: set the same"),
    (Cloud(host(1), host(2, keepalived__interface="")), "c2: .*interface: c2 needs the interface"),
    (Cloud(host(1), host(2, keepalived__address="192.0.2.11")),
     "c2: .*address: c1 and c2 both have 192.0.2.11"),
    (Cloud(host(1), host(2, api__virtual_address=None)), "c2: .*virtual_address: HAProxy needs"),
])
def test_what_cannot_work_is_refused(cloud, told):
    with pytest.raises(Mistake, match=told):
        peers.configuration(cloud)


def test_keepalived_without_haproxy_is_refused():
    class WithoutHaproxy(Cloud):
        def hosts(self, container: str = "") -> list[Host]:
            return super().hosts(container)[:-1 if container == "haproxy" else None]

    with pytest.raises(Mistake, match=r"c2: \[host\] enabled: c2 has keepalived without haproxy"):
        peers.configuration(WithoutHaproxy(host(1), host(2)))

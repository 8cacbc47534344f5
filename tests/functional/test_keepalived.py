"""A real keepalived moves the virtual address to a host whose set is healthy.

Two hosts, each a network namespace of its own, with the configuration of the guide.
"""

import contextlib
import json
import subprocess
import time

import pytest

from tests.functional.conftest import NETWORK, ROOT
from tests.functional.support.endpoint import monitor
from tests.functional.support.harness import run
from tests.functional.support.monitoring import monitoring, set_mood

pytestmark = pytest.mark.exhaustive

SAMPLE = ROOT / "doc" / "source" / "samples" / "keepalived.conf"
ADDRESSES = ("192.0.2.11", "192.0.2.12")
VIRTUAL = "192.0.2.10"


class Host:
    """A namespace, the monitor in it, and whether it has the virtual address."""

    def __init__(self, namespace: str, monitor):
        self.namespace, self.monitor = namespace, monitor

    @property
    def has_it(self) -> bool:
        links = json.loads(run("ip", "-j", "-n", self.namespace, "address", "show", "eth0"))
        return VIRTUAL in [address.get("local") for address in links[0]["addr_info"]]


def inside(namespace: str) -> tuple[str, ...]:
    # Not `ip netns exec`, which mounts another /sys.
    return "nsenter", f"--net=/run/netns/{namespace}"


@pytest.fixture
def namespaces():
    """Two, with a cable between them."""
    names = [f"kolla-{NETWORK}-{number}" for number in (1, 2)]
    with contextlib.ExitStack() as stack:
        for name in names:
            run("ip", "netns", "add", name)
            stack.callback(run, "ip", "netns", "delete", name)
        run("ip", "-n", names[0], "link", "add", "eth0", "type", "veth",
            "peer", "name", "eth0", "netns", names[1])
        for name, address in zip(names, ADDRESSES):
            run("ip", "-n", name, "address", "add", f"{address}/24", "dev", "eth0")
            for link in ("lo", "eth0"):
                run("ip", "-n", name, "link", "set", link, "up")
        yield names


@contextlib.contextmanager
def keepalived(namespace: str, configuration: str, folder):
    folder.mkdir()
    path = folder / "keepalived.conf"
    path.write_text(configuration)
    process = subprocess.Popen(
        [*inside(namespace), "keepalived", "--dont-fork", "--vrrp", "--log-console",
         f"--use-file={path}", f"--pid={folder}/pid", f"--vrrp_pid={folder}/vrrp.pid"],
        stdout=(folder / "log").open("w"), stderr=subprocess.STDOUT,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


def configurations(*sets: str) -> list[str]:
    """Those of the two hosts, which watch a set each."""
    return [
        SAMPLE.read_text().replace("openstack-interface", name)
        .replace(ADDRESSES[0], address).replace("priority 100", f"priority {priority}")
        for name, address, priority in zip(sets, ADDRESSES, (100, 90))
    ]


@pytest.fixture
def hosts(namespaces, tmp_path, weight):
    with contextlib.ExitStack() as stack:
        made = []
        for name, address, text in zip(namespaces, ADDRESSES, configurations("front", "front")):
            made.append(Host(name, stack.enter_context(monitor(address, 9555, *inside(name)))))
            text = text.replace("weight -20", weight)
            stack.enter_context(keepalived(name, text, tmp_path / name))
        yield made


@pytest.fixture
def real_and_other(namespaces, tmp_path, unwatched):
    """The first host has a `kolla monitor` that watches containers."""
    address = ("--set", f"monitor.listen_address={ADDRESSES[0]}")
    with contextlib.ExitStack() as stack:
        stack.enter_context(monitoring(unwatched, *address, prefix=inside(namespaces[0])))
        stack.enter_context(monitor(ADDRESSES[1], 9555, *inside(namespaces[1])))
        for name, configuration in zip(namespaces, configurations("synthetic", "front")):
            stack.enter_context(keepalived(name, configuration, tmp_path / name))
        yield unwatched, [Host(name, None) for name in namespaces]


def wait_until(hosts, *expected: bool) -> None:
    """Which of the hosts has the address."""
    deadline = time.monotonic() + 40
    while tuple(host.has_it for host in hosts) != expected:
        assert time.monotonic() < deadline, [host.has_it for host in hosts]
        time.sleep(0.2)


@pytest.mark.parametrize("weight", ["weight -20"])
def test_the_address_moves_to_the_host_whose_set_is_healthy(hosts):
    wait_until(hosts, True, False)
    hosts[0].monitor.set("web", "unhealthy")
    wait_until(hosts, False, True)
    hosts[1].monitor.set("web", "failed")  # both are ill: the first is as good as the other
    wait_until(hosts, True, False)
    hosts[1].monitor.set("web", "healthy")
    wait_until(hosts, False, True)
    hosts[0].monitor.set("web", "healthy")
    wait_until(hosts, True, False)
    hosts[0].monitor.kill()
    wait_until(hosts, False, True)


@pytest.mark.parametrize("weight", [""])
def test_without_a_weight_an_ill_host_gives_the_address_up(hosts):
    wait_until(hosts, True, False)
    for host in hosts:
        host.monitor.set("worker", "unhealthy")
    wait_until(hosts, False, False)
    hosts[1].monitor.set("worker", "healthy")
    wait_until(hosts, False, True)


def test_the_address_leaves_a_host_whose_monitor_finds_a_container_ill(real_and_other):
    deployment, hosts = real_and_other
    wait_until(hosts, True, False)
    set_mood(deployment, "synthetic-http", "sick")
    wait_until(hosts, False, True)
    set_mood(deployment, "synthetic-http", "")
    wait_until(hosts, True, False)

"""Two hosts that know each other by their files: one set-up, one address, a list of both.

Each is a machine of its own with its own engine, and a wire connects them.
"""

from collections.abc import Iterator

import pytest

from tests.functional.support.harness import Deployment
from tests.functional.support.pair import ADDRESSES, FLOATING, at, ip, two_hosts
from tests.functional.support.watching import get

NAME, PORT = "hosts-http", 18999
CONFIGURATION = f"[host]\nenabled = hosts\n[hosts]\naddress = {FLOATING}\n"


@pytest.fixture(scope="module")
def hosts(engine, synthetic_images, tmp_path_factory) -> Iterator[list[Deployment]]:
    images = synthetic_images[:1]
    with two_hosts(engine, images, CONFIGURATION, tmp_path_factory) as made:
        yield made


def ask(host: Deployment) -> str:
    """The generation that answers a program on this host at the address that moves."""
    ip(host, "neigh", "flush", "dev", "eth0")  # which whoever takes an address over has announced
    return at(host, lambda: get(FLOATING, PORT, "/generation", timeout=10))


def test_what_an_address_that_moves_needs_is_told_and_made(hosts):
    for host in hosts:
        refused = host.kolla("container", "start", NAME, expect=1).stderr
        assert "net.ipv4.ip_nonlocal_bind=1" in refused and "kolla host prepare" in refused
        host.kolla("host", "prepare")
        host.kolla("container", "start", NAME)


def test_the_first_host_alone_sets_up_what_all_of_them_use(hosts):
    journals = [(host.volume(NAME) / "journal").read_text().split("\n")[0] for host in hosts]
    assert journals == ["bootstrap 1", "start 1"]


def test_each_host_knows_all_that_run_the_container(hosts):
    show = ("container", "exec", NAME, "--", "printenv", "KOLLA_PEERS")
    everybody = ",".join(f"{name}={address}" for name, address in [*ADDRESSES.items()][:2])
    assert [host.kolla(*show).stdout.strip() for host in hosts] == [everybody] * 2


def test_the_container_of_that_host_answers_that_has_the_address(hosts):
    first, second = hosts
    second.kolla("--set", "synthetic.http_start_delay=0.1", "container", "upgrade", NAME)
    for there, other, generation in ((first, second, "1"), (second, first, "2")):
        ip(there, "address", "add", f"{FLOATING}/24", "dev", "eth0")
        assert ask(other) == generation
        ip(there, "address", "delete", f"{FLOATING}/24", "dev", "eth0")

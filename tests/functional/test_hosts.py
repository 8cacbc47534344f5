"""Two hosts that know each other by their files: one set-up, one address, a list of both.

Each is a machine of its own with its own engine, and a wire connects them.
"""

import contextlib
import subprocess
from collections.abc import Iterator

import pytest

from tests.functional.conftest import SYNTHETIC
from tests.functional.support.harness import Deployment, run
from tests.functional.support.machine import Machine, machine
from tests.functional.support.namespaces import within
from tests.functional.support.watching import get

NAME, PORT = "hosts-http", 18999
ADDRESSES = {"ctl1": "192.0.2.11", "ctl2": "192.0.2.12"}
FLOATING = "192.0.2.10"


@pytest.fixture(scope="module")
def hosts(engine, synthetic_images, tmp_path_factory) -> Iterator[list[Deployment]]:
    with contextlib.ExitStack() as stack:
        first = stack.enter_context(machine(engine))
        folder = tmp_path_factory.mktemp("second")
        second = Machine(folder / "engine", engine.run.with_name(f"{engine.run.name}-2"))
        stack.callback(second.cut_power)
        second.start()
        subprocess.run(
            f"docker -H {first.url} save {synthetic_images[0]} | docker -H {second.url} load",
            shell=True, check=True, timeout=300,
        )
        run("ip", "link", "add", "eth0", "netns", str(first.pid()), "type", "veth",
            "peer", "name", "eth0", "netns", str(second.pid()))
        yield [made(place, name, tmp_path_factory)
               for place, name in zip((first, second), ADDRESSES)]


def made(place: Machine, name: str, tmp_path_factory) -> Deployment:
    """With the files of both hosts, as every host has them."""
    host = Deployment(place, tmp_path_factory.mktemp(name), ADDRESSES[name], name).prepare()
    host.install_plugin(SYNTHETIC)
    host.configure(f"[host]\nenabled = hosts\n[hosts]\naddress = {FLOATING}\n")
    (host.config_dir / "hosts").mkdir()
    for each, address in ADDRESSES.items():
        path = host.config_dir / "hosts" / f"{each}.conf"
        path.write_text(f"[host]\nname = {each}\naddress = {address}\n")
    ip(host, "address", "add", f"{host.address}/24", "dev", "eth0")
    ip(host, "link", "set", "eth0", "up")
    return host


def ip(host: Deployment, *arguments: str) -> None:
    run(*host.engine.inside(), "ip", *arguments)


def ask(host: Deployment) -> str:
    """The generation that answers a program on this host at the address that moves."""
    ip(host, "neigh", "flush", "dev", "eth0")  # which whoever takes an address over has announced
    network = host.engine.root.parent / "ns" / "net"
    return within(network, lambda: get(FLOATING, PORT, "/generation", timeout=10))


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
    everybody = ",".join(f"{name}={address}" for name, address in ADDRESSES.items())
    assert [host.kolla(*show).stdout.strip() for host in hosts] == [everybody] * 2


def test_the_container_of_that_host_answers_that_has_the_address(hosts):
    first, second = hosts
    second.kolla("--set", "synthetic.http_start_delay=0.1", "container", "upgrade", NAME)
    for there, other, generation in ((first, second, "1"), (second, first, "2")):
        ip(there, "address", "add", f"{FLOATING}/24", "dev", "eth0")
        assert ask(other) == generation
        ip(there, "address", "delete", f"{FLOATING}/24", "dev", "eth0")

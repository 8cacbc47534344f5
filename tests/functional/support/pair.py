"""Hosts that know each other by their files, each a machine of its own, on wires to one switch.

What is on one is on the others: the images, the plugin of the tests, and the configuration.
"""

import contextlib
import os
import pathlib
import subprocess
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from tests.functional.support.engine import Engine
from tests.functional.support.harness import SYNTHETIC, Deployment, run
from tests.functional.support.machine import Machine, machine
from tests.functional.support.namespaces import within
from tests.functional.support.watching import until

T = TypeVar("T")
ADDRESSES = {"ctl1": "192.0.2.11", "ctl2": "192.0.2.12", "ctl3": "192.0.2.13"}
#: One that none has of its own.
FLOATING = "192.0.2.10"


class Switch:
    """What all hosts are plugged into: a namespace with a bridge, where the tests are, too."""

    def __init__(self, name: str):
        self.name = name

    def __enter__(self) -> "Switch":
        run("ip", "netns", "add", self.name)
        run("ip", "-n", self.name, "link", "add", "bridge", "type", "bridge")
        run("ip", "-n", self.name, "address", "add", "192.0.2.1/24", "dev", "bridge")
        run("ip", "-n", self.name, "link", "set", "bridge", "up")
        return self

    def __exit__(self, *error) -> None:
        run("ip", "netns", "delete", self.name)

    def plug(self, host: Deployment) -> None:
        """A wire to a host that has none; when that host loses its power, it goes in a moment."""
        until(lambda: not self._wired(host))
        run("ip", "-n", self.name, "link", "add", host.name, "type", "veth",
            "peer", "name", "eth0", "netns", str(host.engine.pid()))
        run("ip", "-n", self.name, "link", "set", host.name, "master", "bridge", "up")
        ip(host, "address", "add", f"{host.address}/24", "dev", "eth0")
        ip(host, "link", "set", "eth0", "up")

    def _wired(self, host: Deployment) -> bool:
        asked = ["ip", "-n", self.name, "link", "show", host.name]
        return subprocess.run(asked, capture_output=True).returncode == 0

    def within(self, work: Callable[[], T]) -> T:
        """What ``work`` returns, done by a client of the hosts."""
        return within(pathlib.Path("/run/netns", self.name), work)

    def cut(self, *hosts: Deployment, state: str = "down") -> None:
        for host in hosts:
            run("ip", "-n", self.name, "link", "set", host.name, state)


@contextlib.contextmanager
def two_hosts(
    engine: Engine, images: tuple[str, ...], configuration: str, tmp_path_factory
) -> Iterator[list[Deployment]]:
    names = [*ADDRESSES][:2]
    with several_hosts(engine, names, images, configuration, tmp_path_factory) as (hosts, _):
        yield hosts


@contextlib.contextmanager
def several_hosts(
    engine: Engine, names: Iterable[str], images: tuple[str, ...], configuration: str,
    tmp_path_factory,
) -> Iterator[tuple[list[Deployment], Switch]]:
    """Those of :data:`ADDRESSES` with these names."""
    first, *others = names
    with contextlib.ExitStack() as stack:
        machines = {first: stack.enter_context(machine(engine))}
        for name in others:
            folder = tmp_path_factory.mktemp(name)
            place = Machine(folder / "engine", engine.run.with_name(f"{engine.run.name}-{name}"))
            stack.callback(place.cut_power)
            place.start()
            subprocess.run(
                f"docker -H {machines[first].url} save {' '.join(images)}"
                f" | docker -H {place.url} load",
                shell=True, check=True, timeout=300,
            )
            machines[name] = place
        switch = stack.enter_context(Switch(f"kolla-{os.getpid()}"))
        hosts = [_made(place, name, [*machines], configuration, tmp_path_factory)
                 for name, place in machines.items()]
        for host in hosts:
            switch.plug(host)
        yield hosts, switch


def _made(
    place: Machine, name: str, names: list[str], configuration: str, tmp_path_factory
) -> Deployment:
    """With the files of all hosts, as every host has them."""
    host = Deployment(place, tmp_path_factory.mktemp(name), ADDRESSES[name], name).prepare()
    host.install_plugin(SYNTHETIC)
    host.configure(configuration)
    (host.config_dir / "hosts").mkdir()
    for each in names:
        path = host.config_dir / "hosts" / f"{each}.conf"
        path.write_text(f"[host]\nname = {each}\naddress = {ADDRESSES[each]}\n")
    return host


def ip(host: Deployment, *arguments: str) -> str:
    """What `ip` says on a host."""
    return run(*host.engine.inside(), "ip", *arguments)


def at(host: Deployment, work: Callable[[], T]) -> T:
    """What ``work`` returns, done in the network of a host."""
    return within(host.engine.root.parent / "ns" / "net", work)

"""Two hosts that know each other by their files, each a machine of its own, with a wire between.

What is on one is on the other: the images, the plugin of the tests, and the configuration.
"""

import contextlib
import subprocess
from collections.abc import Callable, Iterator
from typing import TypeVar

from tests.functional.support.engine import Engine
from tests.functional.support.harness import SYNTHETIC, Deployment, run
from tests.functional.support.machine import Machine, machine
from tests.functional.support.namespaces import within

T = TypeVar("T")
ADDRESSES = {"ctl1": "192.0.2.11", "ctl2": "192.0.2.12"}
#: One that neither has of its own.
FLOATING = "192.0.2.10"


@contextlib.contextmanager
def two_hosts(
    engine: Engine, images: tuple[str, ...], configuration: str, tmp_path_factory
) -> Iterator[list[Deployment]]:
    with contextlib.ExitStack() as stack:
        first = stack.enter_context(machine(engine))
        folder = tmp_path_factory.mktemp("second")
        second = Machine(folder / "engine", engine.run.with_name(f"{engine.run.name}-2"))
        stack.callback(second.cut_power)
        second.start()
        subprocess.run(
            f"docker -H {first.url} save {' '.join(images)} | docker -H {second.url} load",
            shell=True, check=True, timeout=300,
        )
        run("ip", "link", "add", "eth0", "netns", str(first.pid()), "type", "veth",
            "peer", "name", "eth0", "netns", str(second.pid()))
        yield [_made(place, name, configuration, tmp_path_factory)
               for place, name in zip((first, second), ADDRESSES)]


def _made(place: Machine, name: str, configuration: str, tmp_path_factory) -> Deployment:
    """With the files of both hosts, as every host has them."""
    host = Deployment(place, tmp_path_factory.mktemp(name), ADDRESSES[name], name).prepare()
    host.install_plugin(SYNTHETIC)
    host.configure(configuration)
    (host.config_dir / "hosts").mkdir()
    for each, address in ADDRESSES.items():
        path = host.config_dir / "hosts" / f"{each}.conf"
        path.write_text(f"[host]\nname = {each}\naddress = {address}\n")
    ip(host, "address", "add", f"{host.address}/24", "dev", "eth0")
    ip(host, "link", "set", "eth0", "up")
    return host


def ip(host: Deployment, *arguments: str) -> str:
    """What `ip` says on a host."""
    return run(*host.engine.inside(), "ip", *arguments)


def at(host: Deployment, work: Callable[[], T]) -> T:
    """What ``work`` returns, done in the network of a host."""
    return within(host.engine.root.parent / "ns" / "net", work)

"""A cloud on a machine of its own, and a virtual machine of a user in it."""

import contextlib
import dataclasses
import pathlib
import re
import urllib.request
import warnings
from collections.abc import Iterator, Sequence

from tests.functional.support import guest
from tests.functional.support.cloud import QUICK_LOGINS, Cloud
from tests.functional.support.engine import Engine
from tests.functional.support.guest import Ticks, first, processes, ticking
from tests.functional.support.harness import Deployment, run
from tests.functional.support.machine import machine
from tests.functional.support.pings import Pings, enter, pinging
from tests.functional.support.watching import until

#: What the cloud has enabled.
ENABLED = (
    "all", "nova-api", "placement-api", "openstack-control", "openstack-compute-operation",
    "openstack-network-operation",
)
CONFIGURATION = f"""\
[host]
enabled = {", ".join(ENABLED)}

[nova/DEFAULT]
allow_resize_to_same_host = true

[openvswitch]
datapath = netdev

[neutron]
physical_networks = {first.PHYSICAL}:br-ex
bridge_addresses = br-ex:{first.GATEWAY}/24

""" + QUICK_LOGINS
TLS = """\
[api]
tls = true

[database]
tls = true
require_tls = true

[messaging]
tls = true
"""
AGENTS = ("neutron-openvswitch-agent", "dhcp-agent", "l3-agent", "metadata-agent")
#: The network of whoever looks.
HERE = pathlib.Path("/proc/thread-self/ns/net")
#: Seconds in which what was changed is well again.
RECOVERS = 300
#: Seconds in which a virtual machine is active; Nova's own waits for its network take 300.
BOOTS = 330


@contextlib.contextmanager
def whole(engine: Engine, folder: pathlib.Path, address: str) -> Iterator[Cloud]:
    """A cloud of which nothing runs yet. The block is in the network of its machine."""
    guest.image()
    with configured(engine, folder, address, CONFIGURATION) as cloud:
        yield cloud


@contextlib.contextmanager
def configured(
    engine: Engine, folder: pathlib.Path, address: str, configuration: str
) -> Iterator[Cloud]:
    """The same of what this configuration enables, without an image of a virtual machine."""
    with machine(engine) as place:
        host = Deployment(place, folder, address).prepare()
        host.configure(configuration, "10-host")
        with HERE.open() as outside:
            try:
                reach(host)
                host.kolla("config", "passwords")
                host.kolla("host", "prepare", expect=None)
                yield Cloud(host)
            finally:
                enter(pathlib.Path(f"/proc/self/fd/{outside.fileno()}"))


@contextlib.contextmanager
def encrypted(
    engine: Engine, folder: pathlib.Path, address: str, configuration: str
) -> Iterator[Cloud]:
    """The same with this configuration on top; it has started, and everything speaks TLS."""
    with whole(engine, folder, address) as cloud:
        cloud.scheme = "https"
        cloud.deployment.configure(TLS, "20-tls")
        cloud.deployment.configure(configuration, "30-more")
        cloud.deployment.kolla("config", "passwords")
        cloud.deployment.kolla("config", "certificates")
        cloud.deployment.kolla("set", "start", timeout=2400)
        yield cloud


def reach(host: Deployment) -> None:
    """Enter the network of a machine that has booted, and give it its address."""
    run(*host.engine.inside(), "ip", "address", "add", f"{host.address}/32", "dev", "lo")
    enter(pathlib.Path(f"/proc/{host.engine.pid()}/ns/net"))


@dataclasses.dataclass
class Server:
    """A virtual machine, as its user and its operator see it."""

    cloud: Cloud
    id: str
    floating: str
    #: The number of the process as which it was booted.
    born: int = 0

    @property
    def host(self) -> Deployment:
        return self.cloud.deployment

    @property
    def console(self) -> pathlib.Path:
        return self.host.volume("nova") / "instances" / self.id / "console.log"

    @property
    def process(self) -> int:
        """The number of its process, of which there is one."""
        (found,) = processes(self.id)
        return found

    def status(self) -> str:
        with self.cloud.connect() as connection:
            return connection.compute.get_server(self.id).status

    def page(self, name: str) -> str:
        """What it tells whoever reaches its floating address; empty if it does not."""
        with contextlib.suppress(OSError):
            with urllib.request.urlopen(f"http://{self.floating}/{name}", timeout=5) as answer:
                return answer.read().decode().strip()
        return ""

    @contextlib.contextmanager
    def at_work(self) -> Iterator[tuple[Ticks, Pings]]:
        """Its clock ticks, and it is pinged, while the block runs."""
        with ticking(self.console) as ticks, pinging(self.floating, HERE) as pings:
            until(lambda: pings.answered)
            yield ticks, pings


def boot(cloud: Cloud) -> Server:
    """A virtual machine that is active, with all that it takes.

    One that Nova does not bring up is told of in a warning, with what the services say, and
    booted once more: once, on a machine unlike others, it stayed in BUILD for reasons unknown.
    """
    with cloud.connect() as connection:
        made = _booted(cloud, connection)
        if made.status() != "ACTIVE":
            warnings.warn(f"booted again: {_why(cloud, connection, made)}", stacklevel=1)
            found = connection.compute.get_server(made.id)
            connection.compute.delete_server(found, force=True)
            connection.compute.wait_for_delete(found, wait=RECOVERS)
            made = _booted(cloud, connection)
        assert made.status() == "ACTIVE", _why(cloud, connection, made)
        made.born = made.process
    return made


def _booted(cloud: Cloud, connection) -> Server:
    made = Server(cloud, *first.make(connection, guest.FOLDER, first.key(guest.FOLDER)))
    with contextlib.suppress(AssertionError):
        until(lambda: made.status() != "BUILD", BOOTS)
    return made


def _why(cloud: Cloud, connection, made: Server) -> str:
    found = connection.compute.get_server(made.id)
    ports = [port.status for port in connection.network.ports(device_id=made.id)]
    return f"{found.status}, ports {ports}: {found.fault}\n{complaints(cloud)}"


def complaints(cloud: Cloud) -> str:
    """The last warnings and errors of each container: a test that fails must say why."""
    told = []
    with cloud.deployment.engine.client() as client:
        for container in client.containers.list():
            lines = container.logs(tail=5000).decode(errors="replace").splitlines()
            found = [line for line in lines if re.search(r" (WARNING|ERROR|CRITICAL) ", line)]
            told += [f"{container.name}: {line[:200]}" for line in found[-4:]]
    return "\n".join(told)


@contextlib.contextmanager
def another(server: Server) -> Iterator[Server]:
    """One more virtual machine in its network, which Nova is asked for; it is gone afterwards."""
    with server.cloud.connect() as connection:
        compute = connection.compute
        made = compute.create_server(
            name="another", image_id=connection.image.find_image(first.NAME).id,
            flavor_id=compute.find_flavor(first.NAME).id,
            networks=[{"uuid": connection.network.find_network(first.NAME).id}],
        )
        try:
            yield Server(server.cloud, made.id, floating="")
        finally:
            compute.delete_server(made.id)
            until(lambda: not compute.find_server(made.id), 240)


def members(host: Deployment, name: str) -> list[str]:
    """The containers of a set, or the container of that name."""
    if name in {row["name"] for row in host.kolla("container", "list", "-f", "json").json()}:
        return [name]
    rows = host.kolla("set", "check", name, "-f", "json", expect=None).json()
    return [row["container"] for row in rows]


def kill(host: Deployment, names: Sequence[str]) -> None:
    """kill -9 of all of them, after which the engine starts them again; until they are well."""
    with host.engine.client() as client:
        for name in names:
            (found,) = client.containers.list(filters={"label": f"kolla.container={name}"})
            run(*host.engine.inside(), "kill", "-KILL", str(found.attrs["State"]["Pid"]))
    well(host, names)


def well(host: Deployment, names: Sequence[str]) -> None:
    """Until the checks of containers pass."""
    until(lambda: host.kolla("container", "check", *names, expect=None).exit_code == 0, RECOVERS)

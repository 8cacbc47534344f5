"""Tables of the page "Security", made from what kolla really does.

``.. confinement:: containers`` (or ``privileges``, ``ports``, ``cis``, ``pods``) is a table about
the containers of ``kolla_plugins``, as their plugins declare them and as kolla launches them.
"""

import dataclasses
import functools
import pathlib
import tempfile

import docker
from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList

from kolla.backends.docker import launch
from kolla.catalog.catalog import Catalog
from kolla.catalog.discovery import KOLLA
from kolla.plans.rendering import build
from kolla.plugin import Container
from kolla.plugin.instance import Instance, granted
from kolla.plugin.reach import exposes, reaches
from kolla.plugin.reports import ImageFacts
from kolla.plugin.spec import Spec
from kolla.settings import Settings

MIB = 1 << 20
#: Addresses of a host, by the option that says them.
PLACES = {"[host] address": "192.0.2.1", "[host] internal_address": "192.0.2.2"}
#: Numbers are those of the CIS Docker Benchmark 1.6.
CIS = (
    ("5.4", "Capabilities are restricted", lambda host: host.get("CapDrop") == ["ALL"]
     and not host.get("CapAdd"), "all are dropped, none is added"),
    ("5.5", "No container is privileged", lambda host: not host.get("Privileged"), "none is"),
    ("5.10", "The host's network is not shared", lambda host: host["NetworkMode"] != "host",
     "none shares it"),
    ("5.11", "Memory is limited", lambda host: host.get("Memory"), "without swap"),
    ("5.12", "CPU is weighed", lambda host: True,
     "1024 shares, 256 while a container prepares; [limits] cpus"),
    ("5.13", "The root file system is read-only", lambda host: host.get("ReadonlyRootfs"),
     "writable are volumes and two tmpfs"),
    ("5.16", "The host's processes are not shared", lambda host: not host.get("PidMode"),
     "none shares them"),
    ("5.17", "The host's IPC is not shared", lambda host: not host.get("IpcMode"),
     "none shares it"),
    ("5.18", "No devices of the host", lambda host: not host.get("Devices"), "none has one"),
    ("5.19", "ulimits are set", lambda host: host.get("Ulimits"), "of open files"),
    ("5.20", "Mounts are not shared", lambda host: "shared" not in " ".join(host["Binds"]),
     "rprivate"),
    ("5.22", "seccomp is not disabled", lambda host: "seccomp=unconfined" not in
     host["SecurityOpt"], "the engine's profile"),
    ("5.26", "No new privileges", lambda host: "no-new-privileges" in host["SecurityOpt"], ""),
    ("5.29", "Processes are limited", lambda host: host.get("PidsLimit"), "threads count"),
    ("5.32", "The engine's socket is in no container",
     lambda host: "docker.sock" not in " ".join(host["Binds"]), ""),
)
PODS = (
    ("Privileged containers", lambda host: not host.get("Privileged")),
    ("Host namespaces: processes, IPC",
     lambda host: not (host.get("PidMode") or host.get("IpcMode"))),
    ("Host namespaces: network, and host ports", lambda host: host["NetworkMode"] != "host"),
    ("Capabilities: all dropped", lambda host: host.get("CapDrop") == ["ALL"]
     and not host.get("CapAdd")),
    ("Volumes: no path of the host", lambda host: not any(
        bind.startswith("/") for bind in host["Binds"])),
    ("No privilege escalation", lambda host: "no-new-privileges" in host["SecurityOpt"]),
    ("Runs as another user than root", lambda host: host["User"] != "0:0"),
    ("seccomp: the engine's profile",
     lambda host: "seccomp=unconfined" not in host["SecurityOpt"]),
    ("Beyond the profile: limits of memory and processes",
     lambda host: host.get("Memory") and host.get("PidsLimit")),
)


@dataclasses.dataclass(frozen=True)
class Launched:
    """A container with everything at its default."""

    container: Container
    spec: Spec
    #: What the engine is told of it.
    host: dict
    ports: list[tuple[str, str]]


@functools.cache
def launched() -> list[Launched]:
    """All containers of ``kolla_plugins``, in the order of their names."""
    catalog = Catalog.load()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.load(catalog, pathlib.Path(folder), None, {
            "host.name": "HOST", "host.address": PLACES["[host] address"],
            "host.internal_address": PLACES["[host] internal_address"],
        })
        return [
            _launched(container, settings)
            for name, container in sorted(catalog.containers.items())
            if catalog.distribution(name) == KOLLA
        ]


def _launched(container: Container, settings: Settings) -> Launched:
    spec = build(container, settings, ImageFacts("", container.image.name), "", "")
    instance = Instance(
        container.name, "image", spec.user, {}, {},
        binds=(
            ("/state/own", "/var/lib/kolla/generation", spec.own_folder),
            *((mount.source, mount.path, mount.options) for mount in spec.host_mounts),
        ),
        volumes=tuple((volume.name, volume.path) for volume in spec.volumes),
        scratch={scratch.path: scratch.size for scratch in spec.scratch},
        limits=spec.limits, security=spec.security,
        **granted(spec.privileges),
    )
    api = docker.APIClient(base_url="unix:///nowhere", version="1.41")
    told = launch.arguments(api, instance)
    ports = [(settings.render(listen.address), settings.render(listen.port))
             for listen in container.listens]
    ports = [(address, port) for address, port in ports if port]
    return Launched(container, spec, told["host_config"] | {"User": told["user"]}, ports)


def containers() -> list[tuple[str, ...]]:
    """What each container may do beyond nothing, and use."""
    rows = [("Container", "User", "Privileges", "Writes to", "Memory", "Processes", "Open files")]
    for each in launched():
        limits = each.spec.limits
        rows.append((
            each.container.name, str(each.spec.user),
            ", ".join(map(str, each.spec.privileges)) or "none",
            ", ".join(sorted(volume.path for volume in each.spec.volumes)) or "nothing that lasts",
            f"{limits['memory'] / MIB:.0f} MiB" if "memory" in limits else "no limit",
            str(limits.get("pids", "no limit")), str(limits.get("files", "no limit")),
        ))
    return rows


def privileges() -> list[tuple[str, ...]]:
    """What each container gets of the host, as its plugin declares it, and why."""
    rows = [("Container", "What", "Why", "Super-privileged")]
    for each in launched():
        found = [(str(item), item.reason, reaches(item)) for item in each.container.privileges]
        found += [(f"{mount.source} at {mount.path} ({mount.options})", mount.reason,
                   exposes(mount)) for mount in each.container.host_mounts]
        found += [(f"the host's {need}", need.reason, False) for need in each.container.needs]
        rows += [(each.container.name, what, why, "yes" if power else "no")
                 for what, why, power in found]
    return rows if len(rows) > 1 else [*rows, ("none of them", "nothing", "", "no")]


def ports() -> list[tuple[str, ...]]:
    """Who has to reach which port, and nobody else."""
    rows = [("Port", "Address", "Of", "Who has to reach it")]
    for each in launched():
        for address, port in each.ports:
            loopback = address.startswith("127.")
            certificate = each.container.certificate
            public = certificate is not None and certificate.public
            clients = "this host" if loopback else (
                "users of the cloud and hosts of the deployment" if public
                else "hosts of the deployment")
            (where,) = [place for place, it in PLACES.items() if it == address] or ["loopback"]
            rows.append((port, where, each.container.name, clients))
    rows.append(("9555", "[monitor] listen_address", "kolla monitor",
                 "load balancers, keepalived, Prometheus"))
    return list(dict.fromkeys(rows))


def verdict(holds) -> str:
    """Of those that are not super-privileged: yes, no, or for which it is not so."""
    judged = [each for each in launched() if not each.spec.super_privileged]
    others = [each.container.name for each in judged if not holds(each.host)]
    if not others:
        return "yes"
    return "no" if len(others) == len(judged) else f"not {', '.join(others)}"


def cis() -> list[tuple[str, ...]]:
    rows = [("Row", "Recommendation", "So", "How")]
    for number, rule, holds, how in CIS:
        so = verdict(holds)
        rows.append((number, rule, so, how if so == "yes" else "see \"What is not promised\""))
    return rows


def pods() -> list[tuple[str, ...]]:
    return [("Control of the profile \"restricted\"", "So"),
            *((rule, verdict(holds)) for rule, holds in PODS)]


TABLES = {
    "containers": containers, "privileges": privileges, "ports": ports, "cis": cis, "pods": pods,
}


class Confinement(Directive):
    required_arguments = 1

    def run(self):
        lines = [".. list-table::", "   :header-rows: 1", ""]
        for row in TABLES[self.arguments[0]]():
            first, *others = row
            lines += [f"   * - {first}", *(f"     - {cell}" for cell in others)]
        section = nodes.section()
        self.state.nested_parse(StringList(lines, source="confinement"), 0, section)
        return section.children


def setup(app):
    app.add_directive("confinement", Confinement)
    return {"parallel_read_safe": True}

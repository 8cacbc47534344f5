"""The servers of Swift that keep accounts, containers and objects on devices of their hosts."""

from kolla.plugin import Check, Container, HostMount, Limits, Listen, Strategy, Task, Volume
from kolla_plugins.swift.common import ENVIRONMENT, IMAGE, OPTIONS, RINGS, USER

#: Disks that are mounted later, or taken out, are seen inside too.
DEVICES = HostMount(
    "${swift.folder}", "/srv/node", "the disks that hold the objects",
    read_only=False, propagation="rslave",
)

#: What they tell of their work, which `swift-recon` asks for.
CACHE = Volume("swift-cache", "/var/cache/swift", shared=True)


def storage(kind: str) -> dict[str, str]:
    """The variables of the server and the daemons of a kind of thing that devices hold."""
    return {
        **ENVIRONMENT,
        "KOLLA_HOST": "${host.name}",
        "KOLLA_ADDRESS": "${swift.storage_address}",
        "KOLLA_PORT": f"${{swift.{kind}_port}}",
        "KOLLA_RSYNC_PORT": "${swift.rsync_port}",
        "KOLLA_WORKERS": "${swift.storage_workers}",
        "KOLLA_FOLDER": "${swift.folder}",
        "KOLLA_DEVICES": "${swift.devices}",
        "KOLLA_MOUNTED": "${swift.mounted}",
        "KOLLA_PART_POWER": "${swift.part_power}",
    }


def server(kind: str, module: str) -> Container:
    """The server of a kind: its own router hands each request over to the next generation."""
    return Container(
        name=f"swift-{kind}-server",
        parent=f"swift-{kind}",
        summary=f"swift-{kind}-server, {kind}s on the devices of this host",
        image=IMAGE,
        project="swift",
        user=USER,
        check=Check(("kolla-swift-check",), timeout=15),
        strategy=Strategy.HANDOVER,
        environment={
            **storage(kind),
            "KOLLA_APPLICATION": f"kolla-swift {kind}-server {module}",
            # Its only clients are Swift's own: nobody needs to be kept from taking too much.
            "KOLLA_CLIENTS_OF_A_SOURCE": "2000",
            "KOLLA_TRANSFERS": "^/",
            "KOLLA_TRANSFERS_OF_A_SOURCE": "2000",
        },
        files=(RINGS,),
        listens=(Listen("${swift.storage_address}", f"${{swift.{kind}_port}}"),),
        volumes=(CACHE,),
        host_mounts=(DEVICES,),
        limits=Limits(memory="512m + 256m * ${swift.storage_workers}"),
        verify=(Task("devices", ("kolla-swift-devices",)),),
        stop_grace=120,
        options=OPTIONS,
        # Sections of its configuration file, of which there is no list.
        open_groups=("DEFAULT", "app:*", "filter:*", "pipeline:*", f"{kind}-*"),
    )


SWIFT_ACCOUNT_SERVER = server("account", "swift.account.server")
SWIFT_CONTAINER_SERVER = server("container", "swift.container.server")
SWIFT_OBJECT_SERVER = server("object", "swift.obj.server")

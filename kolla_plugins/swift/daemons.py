"""The daemons of Swift, which work on the devices of their host behind its servers."""

from kolla.plugin import Check, Container, File, Image, Limits, Listen, shared_folder
from kolla_plugins.swift import rings
from kolla_plugins.swift.common import OPTIONS, RINGS, USER
from kolla_plugins.swift.storage import CACHE, DEVICES, storage

#: With rsync, by which replicators copy.
IMAGE = Image(
    "swift-storage",
    folder=shared_folder("docker", "swift-storage"),
    parent="swift",
    offline=True,
    per_release=True,
)


def daemon(kind: str, name: str, module: str, does: str, *requires: str) -> Container:
    """One daemon. It takes requests of nobody, so it may pause while it is replaced."""
    return Container(
        name=f"swift-{kind}-{name}",
        parent=f"swift-{kind}",
        summary=f"swift-{kind}-{name}, {does}",
        image=IMAGE,
        project="swift",
        user=USER,
        command=("kolla-swift", f"{kind}-server", module),
        check=Check(("kolla-swift-check", f"{kind}-{name}")),
        environment=storage(kind),
        files=(RINGS,),
        volumes=(CACHE,),
        host_mounts=(DEVICES,),
        limits=Limits(memory="512m"),
        requires=(f"swift-{kind}-server", *requires),
        options=OPTIONS,
        # Sections of its configuration file, of which there is no list.
        open_groups=("DEFAULT", f"{kind}-*"),
    )


SWIFT_ACCOUNT_AUDITOR = daemon(
    "account", "auditor", "swift.account.auditor", "finds damaged accounts",
)
SWIFT_ACCOUNT_REAPER = daemon(
    "account", "reaper", "swift.account.reaper", "empties accounts that were deleted",
)
SWIFT_ACCOUNT_REPLICATOR = daemon(
    "account", "replicator", "swift.account.replicator", "copies accounts to all their devices",
    "swift-rsync",
)
SWIFT_CONTAINER_AUDITOR = daemon(
    "container", "auditor", "swift.container.auditor", "finds damaged containers",
)
SWIFT_CONTAINER_REPLICATOR = daemon(
    "container", "replicator", "swift.container.replicator",
    "copies containers to all their devices", "swift-rsync",
)
SWIFT_CONTAINER_SHARDER = daemon(
    "container", "sharder", "swift.container.sharder", "splits containers that are very large",
    "swift-rsync",
)
SWIFT_CONTAINER_UPDATER = daemon(
    "container", "updater", "swift.container.updater", "tells accounts how much containers hold",
)
SWIFT_OBJECT_AUDITOR = daemon(
    "object", "auditor", "swift.obj.auditor", "finds damaged objects",
)
SWIFT_OBJECT_EXPIRER = daemon(
    "object", "expirer", "swift.obj.expirer", "deletes objects whose time is over",
)
SWIFT_OBJECT_REPLICATOR = daemon(
    "object", "replicator", "swift.obj.replicator", "copies objects to all their devices",
    "swift-rsync",
)
SWIFT_OBJECT_UPDATER = daemon(
    "object", "updater", "swift.obj.updater",
    "tells containers of objects, where their server did not answer",
)

SWIFT_RSYNC = Container(
    name="swift-rsync",
    parent="swift",
    summary="rsync, which takes what the replicators of all hosts copy to this one",
    image=IMAGE,
    project="swift",
    user=USER,
    command=("kolla-swift-rsync",),
    check=Check(("kolla-swift-check-rsync",)),
    environment={
        "KOLLA_ADDRESS": "${swift.storage_address}", "KOLLA_PORT": "${swift.rsync_port}",
    },
    files=(File("/etc/kolla/swift/rsync-hosts", content=rings.admitted),),
    listens=(Listen("${swift.storage_address}", "${swift.rsync_port}"),),
    host_mounts=(DEVICES,),
    limits=Limits(memory="512m"),
    options=OPTIONS,
)

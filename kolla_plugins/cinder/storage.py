"""What makes volumes and copies of them on a host: cinder-volume and cinder-backup."""

from kolla.plugin import (
    Container, HostMount, HostNeed, Limits, Privilege, Strategy, Task, Volume,
)
from kolla_plugins import ceph
from kolla_plugins.cinder.shared import (
    BEGINNINGS, ENVIRONMENT, FILES, JOIN_SCHEMA, OPTIONS, STORAGE_IMAGE, USER, phases,
)
from kolla_plugins.openstack import AUTHORITIES, WORKER_CHECK, worker_environment

#: The backends that need no more than a name, and what those of an operator's own have unless
#: [cinder-volume/NAME] says otherwise.
BACKENDS = {
    "OS_LVM__VOLUME_DRIVER": "cinder.volume.drivers.lvm.LVMVolumeDriver",
    "OS_LVM__VOLUME_BACKEND_NAME": "lvm",
    "OS_RBD__VOLUME_DRIVER": "cinder.volume.drivers.rbd.RBDDriver",
    "OS_RBD__VOLUME_BACKEND_NAME": "rbd",
    "OS_BACKEND_DEFAULTS__VOLUME_GROUP": "${cinder.volume_group}",
    # Targets of the kernel: what is attached does not notice that cinder-volume is replaced.
    "OS_BACKEND_DEFAULTS__TARGET_HELPER": "lioadm",
    "OS_BACKEND_DEFAULTS__TARGET_IP_ADDRESS": "${cinder.target_address}",
    "OS_BACKEND_DEFAULTS__RBD_POOL": "${cinder.pool}",
    "OS_BACKEND_DEFAULTS__RBD_USER": ceph.USER,
    "OS_BACKEND_DEFAULTS__RBD_CEPH_CONF": "/etc/ceph/ceph.conf",
    "OS_BACKEND_DEFAULTS__RBD_SECRET_UUID": ceph.SECRET,
}

#: Locks, and images on their way into volumes.
STATE = Volume("cinder", "/var/lib/cinder", shared=True)

#: Which targets the kernel has, for cinder-volume to make them again after a boot.
TARGETS = Volume("cinder-targets", "/etc/target")

#: What LVM, targets and initiators share with the host.
HOST = (
    HostMount("/dev", "/dev", "the disks of volumes, which come and go", read_only=False),
    HostMount("/run/udev", "/run/udev", "what the disks are", optional=True),
    HostMount("/run/lock", "/run/lock", "LVM of the host locks there, too", read_only=False),
    HostMount(
        "/sys/kernel/config", "/sys/kernel/config", "the kernel's targets (iSCSI)",
        read_only=False, optional=True,
    ),
)

PRIVILEGES = (
    Privilege("root", "disks, LVM and the kernel's targets are root's alone"),
    Privilege("capability", "asks the device mapper, and mounts", value="SYS_ADMIN"),
    Privilege("capability", "Cinder takes it along wherever it acts as root", value="NET_ADMIN"),
    Privilege("capability", "makes files of disks that appear", value="MKNOD"),
    Privilege("capability", "writes files of other users", value="DAC_OVERRIDE"),
    Privilege("capability", "reads files of other users", value="DAC_READ_SEARCH"),
    Privilege("capability", "gives files to other users", value="CHOWN"),
    Privilege("capability", "changes files of other users", value="FOWNER"),
    Privilege("capability", "lets LVM keep its memory while disks stand still", value="IPC_LOCK"),
    Privilege("device-rule", "reads and writes volumes", value="b *:* rwm"),
    Privilege("device-rule", "asks the device mapper", value="c 10:236 rwm"),
    Privilege("ipc", "LVM waits there for what udev has done"),
)

NEEDS = tuple(
    HostNeed("module", name, reason, optional=True) for name, reason in (
        ("dm_mod", "the volumes of the backend lvm"),
        ("target_core_mod", "offers the volumes of the backend lvm to hypervisors"),
        ("iscsi_target_mod", "offers the volumes of the backend lvm to hypervisors"),
    )
)

#: Runs a command that knows the queues of all backends.
QUEUES = "kolla-cinder-volume"

#: The folder of backups, in the container.
BACKUPS = "/var/lib/cinder-backup"
#: Bytes of each file in it.
FILE = 64 << 20

#: Seconds in which work that is under way may end beside the next generation.
DRAINS = 120
#: Seconds in which the rest of it may end after that.
FINISHES = 300

CINDER_VOLUME = Container(
    name="cinder-volume",
    parent="cinder",
    summary="cinder-volume, makes volumes and gives them to hypervisors",
    image=STORAGE_IMAGE,
    project="cinder",
    user=USER,
    strategy=Strategy.RELIEVE,
    command=(QUEUES, "kolla-worker", "kolla-preload", "cinder-volume"),
    join=(),
    environment={
        **ENVIRONMENT,
        **worker_environment("cinder-volume"),
        **BACKENDS,
        "KOLLA_PRELOAD": "kolla_cinder cinder.volume.manager"
        " cinder.volume.drivers.lvm cinder.volume.drivers.rbd",
        "OS_DEFAULT__GRACEFUL_SHUTDOWN_TIMEOUT": str(FINISHES),
    },
    check=WORKER_CHECK,
    files=(*FILES, *ceph.FILES),
    volumes=(STATE, TARGETS),
    host_mounts=HOST,
    privileges=PRIVILEGES,
    needs=NEEDS,
    limits=Limits(memory="2g"),
    follows=("cinder-scheduler",),
    requires=("mariadb", "rabbitmq", "keystone", "cinder-scheduler"),
    bootstrap=(JOIN_SCHEMA,),
    verify=(Task("backends", ("kolla-cinder-backends",), warning=3),),
    **phases(through=(QUEUES,)),
    drain=("kolla-cinder-idle", "volumes"),
    drain_grace=DRAINS,
    stop_grace=FINISHES + 20,
    options={**OPTIONS, **ceph.OPTIONS},
    # Backends, which the operator names.
    open_groups=tuple(f"{beginning}*" for beginning in BEGINNINGS),
)

CINDER_BACKUP = Container(
    name="cinder-backup",
    parent="cinder",
    summary="cinder-backup, copies volumes to where they outlive their backend",
    image=STORAGE_IMAGE,
    project="cinder",
    user=USER,
    strategy=Strategy.RELIEVE,
    command=("kolla-worker", "kolla-preload", "cinder-backup"),
    join=(),
    environment={
        **ENVIRONMENT,
        **worker_environment("cinder-backup"),
        "KOLLA_PRELOAD": "kolla_cinder cinder.backup.manager",
        "OS_DEFAULT__BACKUP_DRIVER": "cinder.backup.drivers.posix.PosixBackupDriver",
        "OS_DEFAULT__BACKUP_POSIX_PATH": BACKUPS,
        # Each operation has a file of a backup in memory, up to three times.
        "OS_DEFAULT__BACKUP_FILE_SIZE": str(FILE),
        "OS_DEFAULT__BACKUP_MAX_OPERATIONS": "5",
        "OS_DEFAULT__SWIFT_CATALOG_INFO": "object-store:swift:internalURL",
        "OS_DEFAULT__BACKUP_SWIFT_CA_CERT_FILE": f"${{api.tls?{AUTHORITIES}:}}",
        "OS_DEFAULT__GRACEFUL_SHUTDOWN_TIMEOUT": str(FINISHES),
    },
    check=WORKER_CHECK,
    files=(*FILES, *ceph.FILES),
    volumes=(STATE,),
    host_mounts=(
        *HOST,
        HostMount("${cinder.backup_folder}", BACKUPS, "keeps the backups", read_only=False),
    ),
    privileges=PRIVILEGES,
    needs=(
        *NEEDS,
        HostNeed("folder", "${cinder.backup_folder}", "keeps the backups"),
    ),
    limits=Limits(memory="2g"),
    follows=("cinder-scheduler", "cinder-volume"),
    requires=("mariadb", "rabbitmq", "keystone", "cinder-volume"),
    bootstrap=(JOIN_SCHEMA,),
    **phases(),
    drain=("kolla-cinder-idle", "backups"),
    stop_grace=FINISHES + 20,
    options={**OPTIONS, **ceph.OPTIONS},
)

"""libvirt and QEMU: the virtual machines of this host, which outlive their container."""

from oslo_config import cfg

from kolla.plugin import (
    Container, HostMount, HostNeed, Image, Limits, Privilege, Scratch, Task, Volume,
    shared_folder,
)
from kolla_plugins import ceph

#: The user that virtual machines run as.
QEMU_USER = 42427

#: The disks and consoles of virtual machines; nova-compute makes them.
INSTANCES = Volume("nova", "/var/lib/nova", shared=True)
#: Where libvirt listens, for root alone, and remembers what runs.
RUN = Volume("nova-libvirt-run", "/run/libvirt", shared=True)

OPTIONS = {
    "libvirt": (
        cfg.IntOpt(
            "console_log_bytes", default=16 << 20, min=1 << 20,
            help="Bytes of disk that the console log of a virtual machine may take. Of a longer "
            "one, only the end is kept.",
        ),
    ),
}

NOVA_LIBVIRT = Container(
    name="nova-libvirt",
    parent="openstack-compute-operation",
    summary="libvirt and QEMU, which run virtual machines",
    image=Image("nova-libvirt", folder=shared_folder("docker", "nova-libvirt"), offline=True),
    user=QEMU_USER,
    environment={
        "KOLLA_QEMU_USER": str(QEMU_USER),
        "KOLLA_CONSOLE_LIMIT": "${libvirt.console_log_bytes}",
        "KOLLA_CEPH_USER": ceph.USER,
        "KOLLA_CEPH_SECRET": ceph.SECRET,
    },
    files=ceph.FILES,
    volumes=(
        INSTANCES,
        RUN,
        Volume("nova-libvirt", "/var/lib/libvirt"),
        Volume("nova-libvirt-definitions", "/etc/libvirt"),
    ),
    scratch=(Scratch("/var/cache/libvirt"), Scratch("/var/log/libvirt", "256m")),
    host_mounts=(
        HostMount("/dev", "/dev", "disks and devices that come and go", read_only=False),
        HostMount(
            "/sys/fs/cgroup", "/sys/fs/cgroup", read_only=False,
            reason="virtual machines leave the container's cgroup, to outlive it",
        ),
        HostMount("/run/udev", "/run/udev", "what the devices are", optional=True),
    ),
    privileges=(
        Privilege("root", "it makes virtual machines and gives each its devices"),
        Privilege("privileged", "any device of the host may be given to a virtual machine"),
        Privilege("pid", "virtual machines outlive the container, and the next one finds them"),
        Privilege("cgroup", "virtual machines have cgroups of their own, beside the container's"),
    ),
    needs=(
        HostNeed(
            "device", "/dev/kvm", "runs virtual machines at full speed; without it QEMU"
            " interprets them", optional=True,
        ),
    ),
    limits=Limits(memory="2g", pids="4096"),
    outlived_by=("qemu-system-x86_64",),
    may_stop=("kolla-guests", "--may-stop"),
    before_rollback=(Task("guests", ("kolla-guests", "--before-rollback")),),
    options={**OPTIONS, **ceph.OPTIONS},
)

"""nova-compute: makes, changes and ends the virtual machines of a host. It sees no database."""

from oslo_config import cfg

from kolla.plugin import (
    Container, Image, Limits, Privilege, Strategy, Task, shared_folder,
)
from kolla_plugins import libvirt, openvswitch
from kolla_plugins.nova.console import CONSOLE
from kolla_plugins.nova.shared import AUTHORITY_FILES, OPTIONS, USER, nova_environment
from kolla_plugins.openstack import MESSAGING_FILE, WORKER_CHECK, worker_environment

COMPUTE = (
    cfg.StrOpt(
        "console_address", default="${host.internal_address}",
        help="The address of this host where virtual machines offer their consoles (VNC) to the"
        " console proxy. Whoever reaches it, reaches them.",
    ),
)

NOVA_COMPUTE = Container(
    name="nova-compute",
    parent="openstack-compute-operation",
    summary="nova-compute, makes and ends the virtual machines of this host",
    image=Image(
        "nova-compute",
        folder=shared_folder("docker", "nova-compute"),
        parent="nova",
        offline=True,
        per_release=True,
    ),
    project="nova",
    user=USER,
    strategy=Strategy.RELIEVE,
    command=("kolla-compute",),
    join=(),
    environment={
        **nova_environment(),
        **worker_environment("compute"),
        # What comes before that call only reads: its options, the driver, the conductor's answers.
        "KOLLA_PRELOAD_UNTIL": "nova.service:serve",
        "KOLLA_PRELOAD_START": "nova.service:Service.start",
        # An RPC server notices within 30 seconds divided by this that it is to end.
        "OS_OSLO_MESSAGING_RABBIT__HEARTBEAT_RATE": "60",
        "OS_LIBVIRT__HW_MACHINE_TYPE": "x86_64=q35",
        # Each volume and port that is attached later takes one; libvirt by itself leaves one free.
        "OS_LIBVIRT__NUM_PCIE_PORTS": "24",
        "OS_OS_VIF_OVS__OVSDB_CONNECTION": openvswitch.DATABASE,
        "OS_VNC__SERVER_LISTEN": "${compute.console_address}",
        "OS_VNC__SERVER_PROXYCLIENT_ADDRESS": "${compute.console_address}",
        "OS_VNC__NOVNCPROXY_BASE_URL": "${console.public_url}/vnc_lite.html",
    },
    check=WORKER_CHECK,
    files=(MESSAGING_FILE, *AUTHORITY_FILES),
    volumes=(libvirt.INSTANCES, libvirt.RUN, openvswitch.RUN),
    privileges=(
        Privilege("root", "libvirt listens to nobody else, and disks belong to other users"),
        Privilege("capability", "gives files to other users", value="CHOWN"),
        Privilege("capability", "changes files of other users", value="FOWNER"),
        Privilege("capability", "writes files of other users", value="DAC_OVERRIDE"),
        Privilege("capability", "reads files of other users", value="DAC_READ_SEARCH"),
        Privilege("capability", "makes the ports of virtual machines", value="NET_ADMIN"),
        Privilege("capability", "mounts disks", value="SYS_ADMIN"),
        Privilege("device", "the ports of virtual machines", value="/dev/net/tun"),
        openvswitch.CLIENT,
    ),
    limits=Limits(memory="2g"),
    follows=("nova-conductor", "nova-scheduler", "nova-api"),
    requires=(
        "nova-libvirt", "neutron-openvswitch-agent", "rabbitmq", "keystone", "nova-conductor",
        "placement-api",
    ),
    may_stop=("kolla-compute-guests",),
    verify=(
        Task("place", ("kolla-compute-place",)),
        Task(
            "identity", ("kolla-run", "kolla-compute-identity"),
            # Seconds; in a new cloud there is nobody to answer.
            environment={"OS_DEFAULT__RPC_RESPONSE_TIMEOUT": "5"},
        ),
    ),
    before_rollback=(Task("service-version", ("kolla-service-version",), of="nova-conductor"),),
    # What is under way ends before the service does.
    drain=("kolla-compute-idle",),
    stop_grace=200,
    options={**OPTIONS, "console": CONSOLE, "compute": COMPUTE},
)

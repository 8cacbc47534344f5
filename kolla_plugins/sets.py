"""The container sets of the tree: one logical service each."""

from kolla.plugin import ContainerSet

DATABASE_CONTROL = ContainerSet("database-control", "Databases of the control plane")

MESSAGING_CONTROL = ContainerSet("messaging-control", "Message queues of the control plane")

CACHE_CONTROL = ContainerSet("cache-control", "Caches of the control plane", optional=True)

HIGH_AVAILABILITY_CONTROL = ContainerSet(
    "high-availability-control", "The address that the hosts of the cloud serve together",
    optional=True,
)

OPENSTACK_INTERFACE = ContainerSet(
    "openstack-interface", "The public interfaces (APIs) of the cloud"
)

OPENSTACK_CONTROL = ContainerSet(
    "openstack-control", "What controls the cloud behind its APIs", optional=True
)

NOVA_CONTROLLER = ContainerSet(
    "nova-controller", "What controls virtual machines", parent="openstack-control"
)

NEUTRON_CONTROLLER = ContainerSet(
    "neutron-controller", "Networks of the cloud", parent="openstack-control"
)

NEUTRON_SERVER = ContainerSet(
    "neutron-server", "The servers of Neutron", parent="neutron-controller"
)

NEUTRON_SERVER_LINUX_BRIDGE = ContainerSet(
    "neutron-server-linux-bridge", "The servers of Neutron 2024.2, with the Linux bridge",
    parent="neutron-controller", optional=True,
)

HEAT_CONTROLLER = ContainerSet(
    "heat-controller", "What makes and changes stacks", parent="openstack-control", optional=True,
)

CINDER_CONTROLLER = ContainerSet(
    "cinder-controller", "What controls volumes", parent="openstack-control", optional=True,
)

OCTAVIA_CONTROLLER = ContainerSet(
    "octavia-controller", "What makes and watches load balancers", parent="openstack-control",
    optional=True,
)

CEILOMETER_CONTROLLER = ContainerSet(
    "ceilometer-controller", "What gathers measures of the cloud, and raises alarms",
    parent="openstack-control", optional=True,
)

OPENSTACK_COMPUTE_OPERATION = ContainerSet(
    "openstack-compute-operation", "The virtual machines of this host, and their networks",
    optional=True,
)

NEUTRON_AGENTS_OVS = ContainerSet(
    "neutron-agents-ovs", "Networks of virtual machines, with Open vSwitch",
    parent="openstack-compute-operation",
)

NEUTRON_AGENTS_LINUX_BRIDGE = ContainerSet(
    "neutron-agents-linux-bridge",
    "Networks of virtual machines, with the Linux bridge of Neutron 2024.2",
    parent="openstack-compute-operation", optional=True,
)

OPENSTACK_NETWORK_OPERATION = ContainerSet(
    "openstack-network-operation", "Addresses, routers and metadata of virtual machines",
    optional=True,
)

NEUTRON_NETWORK_LINUX_BRIDGE = ContainerSet(
    "neutron-network-linux-bridge",
    "Addresses, routers and metadata of virtual machines, with Neutron 2024.2",
    parent="openstack-network-operation", optional=True,
)

OPENSTACK_STORAGE_OPERATION = ContainerSet(
    "openstack-storage-operation", "The storage of the cloud on this host", optional=True
)

CINDER = ContainerSet(
    "cinder", "Cinder, the volumes of this host", parent="openstack-storage-operation",
    optional=True,
)

SWIFT = ContainerSet(
    "swift", "Swift, object storage", parent="openstack-storage-operation"
)

SWIFT_ACCOUNT = ContainerSet(
    "swift-account", "Swift's accounts: which containers they have", parent="swift"
)

SWIFT_CONTAINER = ContainerSet(
    "swift-container", "Swift's containers: which objects they have", parent="swift"
)

SWIFT_OBJECT = ContainerSet("swift-object", "Swift's objects themselves", parent="swift")

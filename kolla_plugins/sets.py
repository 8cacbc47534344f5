"""The container sets of the tree: one logical service each."""

from kolla.plugin import ContainerSet

DATABASE_CONTROL = ContainerSet("database-control", "Databases of the control plane")

MESSAGING_CONTROL = ContainerSet("messaging-control", "Message queues of the control plane")

OPENSTACK_INTERFACE = ContainerSet(
    "openstack-interface", "The public interfaces (APIs) of the cloud"
)

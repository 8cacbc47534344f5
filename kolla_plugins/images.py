"""The images that the others are built on."""

from kolla.plugin import Image, shared_folder

BASE = Image("base", folder=shared_folder("docker", "base"), parent="debian")

OPENSTACK_BASE = Image("openstack-base", folder=shared_folder("docker", "openstack-base"))

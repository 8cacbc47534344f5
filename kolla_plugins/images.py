"""The base images."""

from kolla.plugin import Image, shared_folder
from kolla_plugins.releases import OPENSTACK

BASE = Image("base", folder=shared_folder("docker", "base"), parent="debian", offline=True)

#: Makes virtual environments; nothing runs from it.
OPENSTACK_BUILDER = Image(
    "openstack-builder",
    folder=shared_folder("docker", "openstack-builder"),
    parent="debian",
    builder="base",
    offline=True,
)

#: Every service of OpenStack: Python, and the tools for options, schemas and identities.
OPENSTACK_BASE = Image(
    "openstack-base",
    folder=shared_folder("docker", "openstack-base"),
    builder="openstack-builder",
    releases=OPENSTACK,
    offline=True,
)

#: Services that answer HTTP: uWSGI, HAProxy, and the scripts that hand over between them.
OPENSTACK_WSGI = Image(
    "openstack-wsgi",
    folder=shared_folder("docker", "openstack-wsgi"),
    parent="openstack-base",
    offline=True,
)

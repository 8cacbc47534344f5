"""The base images."""

import dataclasses

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


def _on_bookworm(image: Image) -> Image:
    """The same with Debian bookworm: for a release that does not run on trixie's Python."""
    parent, builder = (
        base if base in (None, "debian") else f"{base}-bookworm"
        for base in (image.parent, image.builder)
    )
    return dataclasses.replace(
        image, name=f"{image.name}-bookworm", parent=parent, builder=builder, suite="bookworm"
    )


BASE_BOOKWORM = _on_bookworm(BASE)
OPENSTACK_BUILDER_BOOKWORM = _on_bookworm(OPENSTACK_BUILDER)
OPENSTACK_BASE_BOOKWORM = _on_bookworm(OPENSTACK_BASE)
OPENSTACK_WSGI_BOOKWORM = _on_bookworm(OPENSTACK_WSGI)

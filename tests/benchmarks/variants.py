"""The services under load once more, as containers that are replaced instead of handed over."""

import dataclasses

from kolla.plugin import Container, ContainerSet, Strategy
from kolla_plugins.glance import GLANCE_API
from kolla_plugins.keystone import KEYSTONE

VARIANTS = ContainerSet("variants", "The same services, upgraded in another way")


def replaced(container: Container) -> Container:
    """A container that is stopped before the next one starts; its SIGTERM drains."""
    name = f"{container.name}-replaced"
    volumes = (
        dataclasses.replace(volume, name=f"{volume.name}-replaced") for volume in container.volumes
    )
    return dataclasses.replace(
        container,
        name=name,
        parent=VARIANTS.name,
        strategy=Strategy.REPLACE,
        volumes=tuple(volumes),
    )


KEYSTONE_REPLACED = replaced(KEYSTONE)
GLANCE_API_REPLACED = replaced(GLANCE_API)

ENTRY_POINTS = {
    "kolla.container_sets": {"variants": f"{__name__}:VARIANTS"},
    "kolla.containers": {
        "keystone-replaced": f"{__name__}:KEYSTONE_REPLACED",
        "glance-api-replaced": f"{__name__}:GLANCE_API_REPLACED",
    },
}

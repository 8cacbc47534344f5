"""Which images are built for a release."""

from kolla.catalog.naming import releases_of
from kolla.errors import UsageError
from kolla.plugin import Image
from kolla.settings import Settings


def of_host(settings: Settings, release: str) -> list[str]:
    """The images of the containers that are enabled, without those that the release has not."""
    return [
        container.image.name for container in settings.enabled()
        if not container.releases or release in container.releases
    ]


def require_release(image: Image, release: str) -> None:
    """Raise :class:`UsageError` if an image has pins, but none for this release."""
    known = releases_of(image)
    if known and release not in known:
        raise UsageError(
            f"{image.name} cannot be built for {release}, only for {', '.join(known)}",
            "`kolla config validate` checks [DEFAULT] release",
        )

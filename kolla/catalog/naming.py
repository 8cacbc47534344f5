"""The names of images."""

from kolla.plugin import Image

#: The release of Debian that all images contain.
SUITE = "trixie"

#: The root of the tree of images: plain Debian, made without a Dockerfile.
ROOT = "debian"

#: The name of the lock that builds and removals of images hold.
LOCK = "images"


def tag(image: Image, release: str) -> str:
    """The release for images that have one, else that of Debian."""
    return release if image.per_release else SUITE


def reference(image: Image, release: str, namespace: str) -> str:
    """The name of an image on the engine, as in ``kolla/keystone:2026.1``."""
    return f"{namespace}/{image.name}:{tag(image, release)}"


def root_reference(namespace: str) -> str:
    """The name of the root image on the engine."""
    return f"{namespace}/{ROOT}:{SUITE}"


def kept_reference(container: str, generation: int, namespace: str) -> str:
    """The name that protects the image of a generation from every prune."""
    return f"{namespace}-generation/{container}:{generation}"


def releases_of(image: "Image") -> list[str]:
    """The releases that an image has pins for; none if it is built without pins."""
    return sorted(pins.stem for pins in image.folder.glob("pins/*.txt"))

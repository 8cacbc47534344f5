"""The names of images."""

from kolla.plugin import Image

#: The release of Debian that images contain whose plugin names no other.
SUITE = "trixie"

#: All that can be named, each with the second in which it was released.
SUITES = {"bookworm": 1686355200, "trixie": 1754697600}

#: The root of the tree of images: plain Debian, made without a Dockerfile. That of another suite
#: is called ``debian:bookworm``.
ROOT = "debian"

#: The tag of an image that somebody else built.
PULLED = "pulled"

#: The name of the lock that builds and removals of images hold.
LOCK = "images"


def root(suite: str) -> str:
    """The root of the images of a suite; none: that of most images."""
    return ROOT if suite in ("", SUITE) else f"{ROOT}:{suite}"


def is_root(name: str) -> bool:
    return name.partition(":")[0] == ROOT


def suite(root: str) -> str:
    """The release of Debian that a root is."""
    return root.partition(":")[2] or SUITE


def tag(image: Image, release: str) -> str:
    """The release for images that have one, else that of Debian, unless somebody else built it."""
    if image.reference:
        return PULLED
    return release if image.per_release else image.suite or SUITE


def reference(image: Image, release: str, namespace: str) -> str:
    """The name of an image on the engine, as in ``kolla/keystone:2026.1``."""
    return f"{namespace}/{image.name}:{tag(image, release)}"


def root_reference(namespace: str, name: str = ROOT) -> str:
    """The name of a root image on the engine."""
    return f"{namespace}/{ROOT}:{suite(name)}"


def trials(namespace: str) -> str:
    """The beginning of the name that an image has until its build has ended."""
    return f"{namespace}-trial/"


def kept_reference(container: str, generation: int, namespace: str) -> str:
    """The name that protects the image of a generation from every prune."""
    return f"{namespace}-generation/{container}:{generation}"


def releases_of(image: "Image") -> list[str]:
    """The releases that an image has pins for; none if it is built without pins."""
    return sorted(pins.stem for pins in image.folder.glob("pins/*.txt")) if image.folder else []

"""The graph of images: bases come first, independent images run in parallel."""

import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Protocol, TypeVar

from kolla.catalog import naming
from kolla.errors import KollaError, UsageError, nearest
from kolla.parallel import Graph, Ready
from kolla.plugin import Image


class Result(Protocol):
    """The outcome of an image; its children can be built only if it is ``usable``."""

    @property
    def usable(self) -> bool: ...


R = TypeVar("R", bound=Result)


def parent(image: Image) -> str:
    """The name of the parent of an image: the root of its suite unless it names one.

    Empty: somebody else built it.
    """
    if image.reference:
        return ""
    above = image.parent or naming.ROOT
    return naming.root(image.suite) if above == naming.ROOT else above


def bases(image: Image) -> tuple[str, ...]:
    """The names of the images that its build needs: its parent and its builder."""
    if image.reference:
        return ()
    return (parent(image), *([image.builder] if image.builder else []))


def roots(images: Collection[Image]) -> list[str]:
    """The names of the roots that these images are built on; the usual one for no image."""
    if not images:
        return [naming.ROOT]
    found = {name for image in images for name in bases(image) if naming.is_root(name)}
    return sorted(found)


def with_bases(images: Mapping[str, Image], names: Iterable[str]) -> list[Image]:
    """The images of these names and all their bases but the root; bases come first.

    Raises :class:`UsageError` for an unknown name, :class:`KollaError` for an image that is
    the same for all releases although one of its bases is not.
    """
    found: dict[str, Image] = {}

    def add(image: Image) -> None:
        for above in (images[name] for name in bases(image) if not naming.is_root(name)):
            if above.per_release and not image.per_release:
                raise KollaError(
                    f"the image {image.name!r} is the same for all releases, but the image it "
                    f"is built on, {above.name!r}, is not",
                    "its plugin must say per_release=True",
                )
            add(above)
        found.setdefault(image.name, image)

    for name in names:
        if name not in images:
            raise UsageError(
                f"there is no image {name!r}{nearest(name, images)}",
                "`kolla image tree` shows all of them",
            )
        add(images[name])
    return list(found.values())


def walk(
    images: Sequence[Image],
    make: Callable[[str], R],
    skip: Callable[[str, str], R],
    jobs: int,
    stop: Callable[[], None],
) -> dict[str, R]:
    """Make the roots, then each image as soon as its bases exist, ``jobs`` at a time.

    ``make`` gets a name and runs in threads. ``skip`` gets the name of an image that was not
    begun and that of the ancestor to blame, if any. Each Ctrl-C calls ``stop``, after which
    ``make`` should return soon; the results so far are returned.
    """
    needs: dict[str, tuple[str, ...]] = {name: () for name in roots(images)}
    needs |= {image.name: bases(image) for image in images}
    results: dict[str, R] = {}

    def work(name: str, ready: Ready) -> bool:
        results[name] = make(name)
        return results[name].usable

    Graph(needs, work, jobs, stop=stop).run(threading.Event())
    culprits: dict[str, str] = {}
    for name, above in needs.items():
        if name not in results:
            blamed = [culprits[base] for base in above if base in culprits]
            culprits[name] = blamed[0] if blamed else ""
            results[name] = skip(name, culprits[name])
        elif not results[name].usable:
            culprits[name] = name
    return {name: results[name] for name in needs}

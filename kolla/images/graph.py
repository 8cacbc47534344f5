"""The tree of images: parents before children, siblings beside one another."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from typing import Protocol, TypeVar

from kolla.catalog.naming import ROOT
from kolla.errors import KollaError, UsageError, nearest
from kolla.plugin import Image


class Result(Protocol):
    """What became of an image; its children can be built only if it is ``usable``."""

    @property
    def usable(self) -> bool: ...


R = TypeVar("R", bound=Result)


def parent(image: Image) -> str:
    """The name of the image it is built on: the root for those that name none."""
    return image.parent or ROOT


def with_parents(images: Mapping[str, Image], names: Iterable[str]) -> list[Image]:
    """The images of these names and all that they are built on, without the root, parents first.

    Raises :class:`UsageError` for an unknown name, :class:`KollaError` for an image that is
    the same for all releases although its parent is not.
    """
    found: dict[str, Image] = {}

    def add(image: Image) -> None:
        if parent(image) != ROOT:
            above = images[parent(image)]
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
    """Make the root and then every image once its parent is there, ``jobs`` at a time.

    ``make`` is given a name and runs in threads; ``skip`` is given the name of an image that
    cannot be made and of the ancestor to blame. KeyboardInterrupt calls ``stop``, after which
    ``make`` should return soon; the results so far are returned all the same.
    """
    children: dict[str, list[str]] = {name: [] for name in [ROOT, *(i.name for i in images)]}
    for image in images:
        children[parent(image)].append(image.name)
    results: dict[str, R] = {}

    def give_up(name: str, culprit: str) -> None:
        for child in children[name]:
            results[child] = skip(child, culprit)
            give_up(child, culprit)

    with ThreadPoolExecutor(jobs) as pool:
        running = {pool.submit(make, ROOT): ROOT}
        while running:
            try:
                done = wait(running, return_when=FIRST_COMPLETED).done
            except KeyboardInterrupt:
                stop()
                continue
            for future in done:
                name = running.pop(future)
                results[name] = future.result()
                if results[name].usable:
                    running |= {pool.submit(make, child): child for child in children[name]}
                else:
                    give_up(name, name)
    return {name: results[name] for name in children}

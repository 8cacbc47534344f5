"""Judges which release may follow which, by the order that a plugin declares."""

import re
from collections.abc import Iterable

from kolla.errors import UsageError
from kolla.plugin import Image, Releases

#: Where no image declares an order, every release may follow every other.
ANY = Releases("anything", (), "")


def of(images: Iterable[Image]) -> Releases:
    """The order that one of the images declares."""
    return next((image.releases for image in images if image.releases), ANY)


def require(known: Releases, release: str) -> None:
    """Raise :class:`UsageError` for what is no release."""
    if known.order and release not in known.order:
        raise UsageError(
            f"{release!r} is no release of {known.name}",
            f"they are called like {known.default}",
        )


def earlier(known: Releases, one: str, other: str) -> bool:
    """Whether one release came before another; not if either is unknown."""
    order = known.order
    return {one, other} <= {*order} and order.index(one) < order.index(other)


def earlier_version(one: str, other: str) -> bool:
    """Whether one version of a software came before another."""
    return _numbers(one) < _numbers(other)


def _numbers(version: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", version)]


def refuse_jump(known: Releases, old: str, new: str) -> str:
    """Why an upgrade from ``old`` to ``new`` is refused; empty if it is not."""
    require(known, new)
    if not known.order or old == new:
        return ""
    if old not in known.order:
        return f"nothing is known of {old}, and so not whether it can go to {new}"
    if earlier(known, new, old):
        return f"{new} is older than {old}"
    following = _next(known.order, old)
    if new in (following, _next(known.skip_level, old)):
        return ""
    return f"{old} cannot go to {new} in one step: upgrade to {following} first"


def _next(order: tuple[str, ...], release: str) -> str | None:
    later = order[order.index(release) + 1:] if release in order else ()
    return later[0] if later else None

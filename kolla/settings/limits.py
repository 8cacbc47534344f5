"""A container's limits on this host: its plugin's, with the overrides of ``[limits]``."""

import math

from kolla.catalog.types import amount
from kolla.errors import KollaError
from kolla.plugin import Container
from kolla.settings.loader import Settings

#: The resources that can be limited.
NAMES = ("memory", "pids", "files", "cpus")
#: The name that stands for all containers.
ALL = "all"


def limits_of(container: Container, settings: Settings) -> dict[str, int | float]:
    """``memory`` in bytes, ``pids``, ``files`` and ``cpus``, without those that have no limit.

    Raises :class:`KollaError` if the plugin declares something other than a number.
    """
    found = {name: limit(container, settings, name) for name in NAMES}
    return {name: value for name, value in found.items() if value}


def limit(container: Container, settings: Settings, name: str) -> int | float:
    """One of :data:`NAMES`, or ``least_memory``, which cannot be overridden."""
    own = settings.value("limits", name) if name in NAMES else {}
    for key in (container.name, ALL):
        if key in own:
            return own[key]
    text = settings.render(getattr(container.limits, name))
    try:
        value = total(text)
    except ValueError as error:
        raise KollaError(
            f"the limit {name!r} of {container.name} is {text!r}: {error}",
            "that is a fault of its plugin; [limits] can override it",
        ) from None
    return value if name == "cpus" else int(value)


def total(text: str) -> float:
    """The value of a sum of products. Raises ValueError."""
    terms = [term.split("*") for term in text.split("+")]
    return sum(math.prod(amount(factor) for factor in term) for term in terms)

"""Which containers run on this host."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from kolla.plugin import Container

if TYPE_CHECKING:
    from kolla.catalog.catalog import Catalog, Node


def enabled(
    catalog: "Catalog", enabled: Iterable[str], disabled: Iterable[str]
) -> list[Container]:
    """The containers that these names of [host] stand for, in the order of the tree.

    Without a name in ``enabled``: all that are not optional. Unknown names stand for nothing.
    """
    chosen = _nodes(catalog, enabled) if enabled else [catalog.root]
    wanted = {leaf.name for node in chosen for leaf in catalog.ordinary(node)}
    stopped = _nodes(catalog, disabled)
    unwanted = {leaf.name for node in stopped for leaf in catalog.subtree(node)}
    everything = catalog.subtree(catalog.root)
    return [c for c in everything if c.name in wanted and c.name not in unwanted]


def _nodes(catalog: "Catalog", names: Iterable[str]) -> "list[Node]":
    known = catalog.nodes
    found = map(catalog.today, names)
    return [known[name] for name in found if name in known]

"""The tree of container sets, as rows and as a drawing."""

import dataclasses
import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Protocol, TextIO

from kolla.cli.status import Status, of_sets, statuses
from kolla.cli.values import Age, Text, age

if TYPE_CHECKING:
    from kolla.catalog.catalog import Node
    from kolla.deployment import Deployment


class Drawn(Protocol):
    """A place in a tree, with its text."""

    @property
    def path(self) -> tuple[str, ...]: ...

    def text(self) -> str: ...


@dataclasses.dataclass(frozen=True)
class Branch:
    """A set or a container at its place in the tree."""

    node: "Node"
    path: tuple[str, ...]
    #: The states of the shown containers at and below it.
    statuses: list[Status]
    health: str | None
    is_set: bool = True

    @property
    def checked(self) -> str | None:
        """The time of its last check; for a set, the oldest time of its containers."""
        return min((status.record.health_at or "" for status in self.statuses), default="") or None

    @property
    def generation(self) -> int | None:
        return None if self.is_set else self.statuses[0].record.current

    @property
    def super_privileged(self) -> bool:
        """Whether a container in it reaches for the host."""
        return any(status.super_privileged for status in self.statuses)

    def row(self) -> tuple:
        """The values in the order of the columns of ``kolla set tree``."""
        return (
            self.node.name, "set" if self.is_set else "container", Text(self.node.parent),
            len(self.path) - 1, "/".join(self.path), Text(self.generation), Text(self.health),
            Age(self.checked), self.super_privileged,
        )

    def text(self) -> str:
        """The text of the drawing for it."""
        if self.is_set:
            return f"{self.node.name}  ({self.node.summary})"
        number = f"generation {self.generation}, " if self.generation else ""
        seen = f", {age(self.checked)}" if self.checked else ""
        power = ", super-privileged" if self.super_privileged else ""
        return f"{self.node.name}  {number}{self.health}{seen}{power}"


def branches(deployment: "Deployment", everything: bool = False) -> list[Branch]:
    """The tree from its top, depth first, without sets that have no container to show.

    With ``everything`` also containers that do not run on this host.
    """
    known = statuses(deployment, everything)
    catalog = deployment.catalog
    healths = {name: status.health for name, status in known.items()}
    healths |= of_sets(deployment, known)

    def below(node: "Node", path: tuple[str, ...]) -> Iterator[Branch]:
        for child in catalog.children(node):
            found = [known[leaf.name] for leaf in catalog.subtree(child) if leaf.name in known]
            if found or everything:
                yield Branch(child, (*path, child.name), found, healths.get(child.name),
                             child.name in catalog.sets)
                yield from below(child, (*path, child.name))

    return list(below(catalog.root, ()))


def drawing(found: Sequence[Drawn], root: str, stream: TextIO) -> str:
    """The lines and corners in front of the text of each branch, no wider than the terminal."""
    width = shutil.get_terminal_size().columns if stream.isatty() else sys.maxsize
    lines = [root]
    for index, branch in enumerate(found):
        depth = len(branch.path)
        rails = "".join(
            "│   " if _continues(found[index + 1:], level) else "    "
            for level in range(1, depth)
        )
        goes_on = _continues(found[index + 1:], depth)
        corner, rail = ("├── ", "│   ") if goes_on else ("└── ", "    ")
        lines += textwrap.wrap(
            branch.text(), width, initial_indent=rails + corner,
            subsequent_indent=f"{rails}{rail}    ", break_long_words=False, break_on_hyphens=False,
        )
    return "\n".join(lines)


def _continues(following: Sequence[Drawn], level: int) -> bool:
    """Whether another branch of this level follows under the same parent."""
    for branch in following:
        if len(branch.path) <= level:
            return len(branch.path) == level
    return False

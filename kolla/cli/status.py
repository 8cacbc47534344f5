"""The last known state of containers and sets, from catalog, settings and store alone."""

import dataclasses
from typing import TYPE_CHECKING

from kolla.cli.base import wrapped
from kolla.cli.values import moment
from kolla.store.records import ABSENT, RUNNING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kolla.deployment import Deployment
    from kolla.plugin import Container
    from kolla.store.records import Generation, Record


@dataclasses.dataclass(frozen=True)
class Status:
    """One container: its declaration (None if its plugin is gone) and its record."""

    name: str
    container: "Container | None"
    enabled: bool
    record: "Record"
    #: The current generation.
    generation: "Generation | None"

    @property
    def health(self) -> str:
        """The last known health of a container that should run; else why it does not run."""
        if not self.enabled and self.record.target == ABSENT:
            return "disabled"
        if self.record.target != RUNNING:
            return self.record.target
        return "maintenance" if self.record.in_maintenance() else self.record.health

    @property
    def super_privileged(self) -> bool:
        """Whether what runs, or else what is declared, reaches for the host."""
        from kolla.plugin.reach import exposes, reaches

        found = self.generation.snapshot if self.generation else self.container
        if found is None:
            return False
        return any(map(exposes, found.host_mounts)) or any(map(reaches, found.privileges))

    @property
    def pin(self) -> str | None:
        """The image or release that it keeps, whatever the configuration says."""
        return None if self.record.target == ABSENT else self.record.pin


def statuses(deployment: "Deployment", everything: bool = False) -> dict[str, Status]:
    """The containers that are enabled here or exist, by name, in the order of the tree.

    With ``everything`` all others as well.
    """
    enabled = {container.name for container in deployment.settings.enabled()}
    records = deployment.store.records().values()
    names = enabled | {record.name for record in records if record.target != ABSENT}
    if everything:
        names |= set(deployment.catalog.containers)
    tree = [leaf.name for leaf in deployment.catalog.subtree(deployment.catalog.root)]
    ordered = [name for name in tree if name in names] + sorted(names.difference(tree))
    return {name: _status(deployment, name, name in enabled) for name in ordered}


def status(deployment: "Deployment", name: str) -> Status:
    """The state of one container that is declared or recorded."""
    enabled = name in {container.name for container in deployment.settings.enabled()}
    return _status(deployment, name, enabled)


def known_name(deployment: "Deployment", name: str) -> str:
    """The name that a declared or recorded container has today; UsageError if there is none."""
    from kolla.cli.selection import Selection

    known = {*deployment.catalog.containers, *deployment.store.records()}
    choose = Selection(deployment)
    today = name if name in known else choose.today(name)
    if today not in known:
        choose.named([today])
    return today


def _status(deployment: "Deployment", name: str, enabled: bool) -> Status:
    record = deployment.store.container(name)
    current = None
    if record.current is not None and record.target != ABSENT:
        current = deployment.store.find(name, record.current)
    return Status(name, deployment.catalog.containers.get(name), enabled, record, current)


def pinned_lines(known: "Iterable[Status]") -> list[str]:
    """Lines about each pin: to what, since when, by which command."""
    return [
        line for status in known if status.pin
        for line in wrapped(status.name, f"pinned to {pin_of(status.record)}")
    ]


def pin_of(record: "Record") -> str:
    """The pin of a container in words."""
    from kolla.plugin.spec import short_id

    since = f" since {moment(record.pinned_at)}" if record.pinned_at else ""
    return f"{short_id(record.pin or '')}{since}" + (
        f" ({record.pinned_by})" if record.pinned_by else ""
    )


def of_sets(deployment: "Deployment", known: dict[str, Status]) -> dict[str, str]:
    """The health of every set above any of these containers."""
    from kolla.health import conditions

    healths = {name: s.health for name, s in known.items() if s.health != "disabled"}
    return conditions.of_sets(deployment.catalog, healths)

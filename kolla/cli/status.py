"""The last known state of containers and sets: from catalog, settings and store alone."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Status:
    """One container: what it is declared as (None if its plugin is gone) and what is known."""

    name: str
    container: object
    enabled: bool
    record: object
    #: The generation that counts.
    generation: object

    @property
    def health(self) -> str:
        """Of a container that should run: its last check; else why it does not."""
        if not self.enabled and self.record.target == "absent":
            return "disabled"
        if self.record.target != "running":
            return self.record.target
        return "maintenance" if self.record.in_maintenance() else self.record.health

    @property
    def pin(self) -> str | None:
        """The image or release it stays with, whatever the configuration says."""
        return self.record.pin


def statuses(deployment, everything: bool = False) -> dict[str, Status]:
    """By name: what should run on this host, and what was made and not deleted.

    ``everything``: also what is neither.
    """
    enabled = {container.name for container in deployment.settings.enabled()}
    records = deployment.store.records().values()
    names = enabled | {record.name for record in records if record.target != "absent"}
    if everything:
        names |= set(deployment.catalog.containers)
    return {name: _status(deployment, name, name in enabled) for name in sorted(names)}


def status(deployment, name: str) -> Status:
    """Of one container that is declared or recorded."""
    enabled = name in {container.name for container in deployment.settings.enabled()}
    return _status(deployment, name, enabled)


def require_known(deployment, name: str) -> None:
    """Raise UsageError unless there is, or was, a container of that name."""
    from kolla.cli.selection import Selection

    if name not in {*deployment.catalog.containers, *deployment.store.records()}:
        Selection(deployment).named([name])


def _status(deployment, name: str, enabled: bool) -> Status:
    record = deployment.store.container(name)
    current = None
    if record.current is not None and record.target != "absent":
        current = deployment.store.find(name, record.current)
    return Status(name, deployment.catalog.containers.get(name), enabled, record, current)


def of_sets(deployment, known: dict[str, Status]) -> dict[str, str]:
    """The health of every set that has any of these containers."""
    from kolla.health import conditions

    healths = {name: s.health for name, s in known.items() if s.health != "disabled"}
    return conditions.of_sets(deployment.catalog, healths)

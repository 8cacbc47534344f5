"""Selects the containers of a command."""

import logging

from kolla.catalog.leftovers import is_left_over
from kolla.deployment import Deployment
from kolla.errors import UsageError
from kolla.plugin import Container, ContainerSet
from kolla.store.records import ABSENT

LOG = logging.getLogger(__name__)


class Selection:
    """Chooses among the containers of this host.

    With ``leftover`` also containers that exist but are no longer enabled. A container whose
    plugin is gone can always be named.
    """

    def __init__(self, deployment: Deployment):
        self._deployment, self._catalog = deployment, deployment.catalog

    def named(self, names: list[str], leftover: bool = False) -> list[Container]:
        """These containers. Raises :class:`UsageError` if one is unknown or not of this host."""
        known = self._here(leftover) | {
            name: container for name, container in self._catalog.containers.items()
            if is_left_over(container)
        }
        names = [self.today(name) for name in names]
        for name in names:
            if name not in known:
                raise self._unknown(name)
        return [known[name] for name in dict.fromkeys(names)]

    def below(self, name: str, leftover: bool = False) -> list[Container]:
        """All containers of a set. Raises :class:`UsageError` if there is no such set."""
        known = self._here(leftover)
        return [c for c in self._catalog.subtree(self.set_named(name)) if c.name in known]

    def set_named(self, name: str) -> ContainerSet:
        """The set of that name. Raises :class:`UsageError` if there is none."""
        name = self.today(name)
        sets = {**self._catalog.sets, self._catalog.root.name: self._catalog.root}
        if name in self._catalog.containers:
            raise UsageError(
                f"{name!r} is a container, not a set", f"`kolla container … {name}`"
            )
        if name not in sets:
            raise UsageError(
                self._catalog.old_names.none_such("container set", name, sets),
                "`kolla set tree --all` shows all of them",
            )
        return sets[name]

    def at(self, name: str, leftover: bool = False) -> list[Container]:
        """This container, or all of this set. Raises :class:`UsageError` for any other name."""
        name = self.today(name)
        if name in self._catalog.containers:
            return self.named([name], leftover)
        if name != self._catalog.root.name:
            self._catalog.node(name)
        return self.below(name, leftover)

    def today(self, name: str) -> str:
        """The name that a set or container has today; says so if it is another one."""
        today = self._catalog.today(name)
        if today != name:
            LOG.warning("%s", self._catalog.old_names.renamed(name))
        return today

    def _here(self, leftover: bool) -> dict[str, Container]:
        found = {container.name: container for container in self._deployment.settings.enabled()}
        if leftover:
            records = self._deployment.store.records().values()
            existing = {record.name for record in records if record.target != ABSENT}
            declared = self._catalog.containers
            found |= {name: c for name, c in declared.items() if name in existing}
        return found

    def _unknown(self, name: str) -> UsageError:
        if name in self._catalog.containers:
            # A misspelt name in [host] enabled is reported first.
            if not self._deployment.configuration.invalid:
                self._deployment.configuration.require_valid()
            return UsageError(f"{name} does not run on this host", self._way_here(name))
        if name in self._catalog.sets:
            return UsageError(f"{name!r} is a container set", f"`kolla set … {name}`")
        return UsageError(
            self._catalog.old_names.none_such("container", name, self._catalog.containers),
            "`kolla container list --all` shows all of them",
        )

    def explain_nothing(self, sets: list[str]) -> None:
        """Raise :class:`UsageError` if nothing of a set runs here because it is optional."""
        for name in map(self._catalog.today, sets):
            if name != self._catalog.root.name and (way := self._optional(name)):
                raise UsageError(f"nothing of {name} runs on this host", way)

    def _way_here(self, name: str) -> str:
        return self._optional(name) or "[host] enabled and disabled decide that"

    def _optional(self, name: str) -> str:
        optional = [node for node in self._catalog.path(name) if self._catalog.node(node).optional]
        if not optional:
            return ""
        return f"it is optional: it runs where [host] enabled names {optional[-1]}"

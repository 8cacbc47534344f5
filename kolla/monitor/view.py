"""What the endpoint and Prometheus are shown."""

from collections.abc import Mapping
from typing import Protocol

from kolla.health.conditions import Condition


class Disk(Protocol):
    """Bytes that are used and free on a disk."""

    @property
    def used(self) -> int: ...

    @property
    def free(self) -> int: ...


class View(Protocol):
    """The health of this host as the monitor knows it; callable from any thread."""

    def conditions(self) -> Mapping[str, Condition]:
        """The condition of every container, by name."""

    def sets(self) -> Mapping[str, list[str]]:
        """The names of the children of each set."""

    def status_of_set(self, name: str) -> str | None:
        """The status of a set; None if it is not known."""

    def flaws(self) -> list[str]:
        """The places of what is wrong with the configuration, as far as it is not in force."""

    def disk(self) -> Disk | None:
        """Bytes on the disk of the state; None if not known."""

"""What a file can be made of: the hosts of the cloud, as the files of their configuration say."""

import dataclasses
from collections.abc import Sequence
from typing import Any, Protocol

from kolla.errors import KollaError


@dataclasses.dataclass(frozen=True)
class Listening:
    """Where a container listens on one host."""

    container: str
    host: str
    address: str
    port: int
    #: How a balancer may stand in front of it, as its :class:`Listen` says.
    balanced: str
    #: The port of that address on which a balancer can say who its client is; None: none.
    proxied: int | None = None


class Host(Protocol):
    """One host of the cloud."""

    @property
    def name(self) -> str: ...

    def value(self, group: str, option: str) -> Any:
        """The value of an option on that host; not of a secret, which is no part of a snapshot."""

    def mistake(self, group: str, option: str, message: str) -> KollaError:
        """To be raised: what is wrong with an option of that host, and what to do.

        An operator is told it once, with the file and the line that set the option.
        """


class Cloud(Protocol):
    """All hosts that have a file in ``hosts/``, and the one that asks."""

    def hosts(self, container: str = "") -> Sequence[Host]:
        """The hosts on which a container is enabled, by their names; without a container, all."""

    def listens(self) -> Sequence[Listening]:
        """Where the enabled containers of all hosts listen, by container and host."""

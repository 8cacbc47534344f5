"""How a container runs: what is declared of it and is in each of its snapshots, too."""

import dataclasses
import enum
from collections.abc import Mapping

from kolla.plugin.declarations.commands import Check, Hold
from kolla.plugin.declarations.confinement import HostNeed, Privilege
from kolla.plugin.declarations.storage import File, HostMount, Scratch, Volume
from kolla.plugin.template import Template


class Strategy(enum.StrEnum):
    """How one generation of a container takes the place of another."""

    #: HTTP services: new beside old, checked in private, joins, the old one drains. Also workers
    #: of which two generations may work at a time; they listen on nothing, and are checked again
    #: once they have joined.
    HANDOVER = "handover"
    #: The rest: all slow work first, then the old stops and the new starts.
    REPLACE = "replace"
    #: Workers and agents: the new one loads and waits beside the old, the old one drains and
    #: ends, the new one takes over.
    RELIEVE = "relieve"

    @property
    def waits(self) -> bool:
        """Whether a new generation does nothing in public until it is told to join."""
        return self is not Strategy.REPLACE


@dataclasses.dataclass(frozen=True)
class Listen:
    """An address and port the container binds; no port: it binds none."""

    address: Template
    port: Template
    #: How a balancer may stand in front: ``http``, ``tcp``, or ``one`` (all to one host while
    #: that is well). Empty: none may.
    balanced: Template = ""
    #: A further port that it binds at this address, where a balancer can say in the PROXY protocol
    #: who its client is; it has to be declared with a ``Listen`` of its own as well. Empty: none.
    proxied: Template = ""
    #: The address moves between hosts, as keepalived's do: the container binds it although this
    #: host may not have it, for which it needs the host's ``ip_nonlocal_bind``.
    floating: bool = False


@dataclasses.dataclass(frozen=True, eq=False, kw_only=True)
class Running:
    """How a container runs.

    A :class:`Container` has each of these fields, and so has the snapshot of each of its
    generations, rendered. Its default is also what a snapshot without that field stands for.
    """

    #: The numeric user (and group) its processes run as; the same in every release, and no other
    #: plugin's.
    user: int
    environment: Mapping[str, Template] = dataclasses.field(default_factory=dict)
    check: Check = Check()
    strategy: Strategy = Strategy.REPLACE
    #: Instead of the image's own command.
    command: tuple[str, ...] = ()
    listens: tuple[Listen, ...] = ()
    files: tuple[File, ...] = ()
    volumes: tuple[Volume, ...] = ()
    #: Besides ``/run/kolla`` and ``/tmp``, which every container has; naming one of them
    #: sets its size.
    scratch: tuple[Scratch, ...] = ()
    host_mounts: tuple[HostMount, ...] = ()
    privileges: tuple[Privilege, ...] = ()
    needs: tuple[HostNeed, ...] = ()
    #: The software that it is a part of, with other containers (``nova``): ``[nova/DEFAULT]`` sets
    #: an option of all of them, and ``[nova-compute/DEFAULT]`` wins; dumps are the project's.
    project: str = ""
    #: If its requests can wait while something that it requires is replaced: how.
    hold: Hold | None = None
    #: Names of programs that go on when it ends (``qemu-system-x86_64``). A generation in whose
    #: file system one of them still lives is not removed, nor is its image.
    outlived_by: tuple[str, ...] = ()
    #: Whether a generation that survived its probation counts as confirmed.
    confirms_itself: bool = False
    #: Run inside a new generation that waits, when its turn has come; the file ``joined`` in
    #: :file:`/var/lib/kolla/generation` is there by then. Empty: that file alone tells it.
    join: tuple[str, ...] = ("kolla-join",)
    #: Run inside before a person stops, restarts, upgrades, rolls back or deletes it, with that
    #: word added. Unless it ends with 0, nothing is done, and what it says is why.
    may_stop: tuple[str, ...] = ()
    #: Run inside the old generation before it stops; ends when its work is done.
    drain: tuple[str, ...] = ()
    #: Seconds the drain may take.
    drain_grace: int = 600
    #: Seconds between the stop signal and the kill.
    stop_grace: int = 30

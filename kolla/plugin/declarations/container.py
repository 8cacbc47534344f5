"""A container and its set: the nodes of the tree."""

import dataclasses
import enum
from collections.abc import Mapping

from oslo_config import cfg

from kolla.plugin.declarations.certificates import Certificate
from kolla.plugin.declarations.commands import Check, Hold, Task
from kolla.plugin.declarations.confinement import HostNeed, Limits, Privilege
from kolla.plugin.declarations.image import Image
from kolla.plugin.declarations.storage import File, HostMount, Scratch, Volume


class Strategy(enum.StrEnum):
    """How one generation of a container takes the place of another."""

    #: HTTP services: new beside old, checked in private, joins, the old one drains.
    HANDOVER = "handover"
    #: The rest: all slow work first, then the old stops and the new starts.
    REPLACE = "replace"


class Downgrade(enum.StrEnum):
    """Whether an image of a lower version may follow one of a higher version."""

    ALLOWED = "allowed"
    #: The data on disk cannot go back (MariaDB, RabbitMQ).
    REFUSED = "refused"


@dataclasses.dataclass(frozen=True)
class Listen:
    """An address and port the container binds (templates); no port: it binds none."""

    address: str
    port: str


@dataclasses.dataclass(frozen=True)
class ContainerSet:
    """A named node of the tree: one logical service. ``parent`` None: below the root."""

    name: str
    summary: str
    parent: str | None = None
    #: Runs only where ``[host] enabled`` names it; the names of sets above it do not suffice.
    optional: bool = False
    #: Names that it had once, by which an operator still finds it.
    formerly: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Gone:
    """A name that no set or container has any more, and what an operator is told who uses it."""

    name: str
    #: What does its work today, as a sentence.
    instead: str
    #: The release in which it went; empty: it never ran.
    since: str = ""


@dataclasses.dataclass(frozen=True, eq=False)
class Container:
    """A named leaf of the tree: one responsibility, upgraded and rolled back atomically."""

    name: str
    #: The set it belongs to.
    parent: str
    summary: str
    image: Image
    #: The numeric user (and group) its processes run as; the same in every release.
    user: int
    #: Runs only where ``[host] enabled`` names it; the names of sets above it do not suffice.
    optional: bool = False
    #: Names that it had once, by which an operator still finds it.
    formerly: tuple[str, ...] = ()
    #: The only releases that have it; empty: all of them.
    releases: tuple[str, ...] = ()
    environment: Mapping[str, str] = dataclasses.field(default_factory=dict)
    check: Check = Check()
    strategy: Strategy = Strategy.REPLACE
    downgrade: Downgrade = Downgrade.ALLOWED
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
    limits: Limits = Limits()
    #: The software that it is a part of, with other containers (``nova``): ``[nova/DEFAULT]`` sets
    #: an option of all of them, and ``[nova-compute/DEFAULT]`` wins; dumps are the project's.
    project: str = ""
    #: Containers than which it must never be of a later release: it is upgraded after them and
    #: rolled back before them, and they are not rolled back alone.
    follows: tuple[str, ...] = ()
    #: Containers that must be healthy first, where they run on this host.
    requires: tuple[str, ...] = ()
    #: If its requests can wait while one of those is replaced: how.
    hold: Hold | None = None
    certificate: Certificate | None = None
    #: First set-up, before the first start.
    bootstrap: tuple[Task, ...] = ()
    #: Judges the configuration, before a first start or an upgrade touches anything.
    verify: tuple[Task, ...] = ()
    #: A copy of the data before a change of its schema, written below
    #: ``/var/lib/kolla/dumps``. When the task has ended, kolla takes each file away and keeps the
    #: newest ``KOLLA_DUMPS_KEPT`` of ``KOLLA_PROJECT``. Where dumps are wanted, a bootstrap has
    #: all of it too, in case it finds data of an earlier release.
    dump: tuple[Task, ...] = ()
    #: Changes of the schema that the running release tolerates, before an upgrade.
    expand: tuple[Task, ...] = ()
    #: Clean-up once a generation is confirmed. One that other hosts still hold up ends
    #: with exit code 75 and says whom it waits for.
    contract: tuple[Task, ...] = ()
    #: Run from the image of a generation before one of an earlier release or version starts in its
    #: place: in a rollback, with an older ``--image``, and after an upgrade that failed or was
    #: killed once the later one had been started. One that fails refuses a rollback; after an
    #: upgrade what served starts all the same, and ``kolla recover`` tries again.
    before_rollback: tuple[Task, ...] = ()
    #: Run from the current image once the container has stopped and before it is deleted: what
    #: it has left on the host goes. One that fails keeps it from being deleted.
    farewell: tuple[Task, ...] = ()
    #: Run before ``farewell`` where its data are deleted as well: what it has in other services
    #: goes, such as a database or a user.
    teardown: tuple[Task, ...] = ()
    #: Run from the image of the current generation, whether that runs or is stopped, when an
    #: operator asks for it with ``kolla container task``, or from time to time.
    on_demand: tuple[Task, ...] = ()
    #: Names of programs that go on when it ends (``qemu-system-x86_64``). A generation in whose
    #: file system one of them still lives is not removed, nor is its image.
    outlived_by: tuple[str, ...] = ()
    #: Whether a generation that survived its probation counts as confirmed.
    confirms_itself: bool = False
    #: Run inside the old generation before it stops; ends when its work is done.
    drain: tuple[str, ...] = ()
    #: Seconds the drain may take.
    drain_grace: int = 600
    #: Seconds between the stop signal and the kill.
    stop_grace: int = 30
    #: Options of its own, by group; they show up in ``kolla config sample``.
    options: Mapping[str, tuple[cfg.Opt, ...]] = dataclasses.field(default_factory=dict)
    #: Patterns of groups of the service's own configuration that its option list cannot
    #: know, because the operator names them (``file*``).
    open_groups: tuple[str, ...] = ()

"""A container and its set: the nodes of the tree."""

import dataclasses
import enum
from collections.abc import Mapping

from oslo_config import cfg

from kolla.plugin.declarations.certificates import Certificate
from kolla.plugin.declarations.commands import Task
from kolla.plugin.declarations.confinement import Limits
from kolla.plugin.declarations.image import Image
from kolla.plugin.declarations.keyring import Keyring
from kolla.plugin.declarations.running import Running


class Downgrade(enum.StrEnum):
    """Whether an image of a lower version may follow one of a higher version."""

    ALLOWED = "allowed"
    #: The data on disk cannot go back (MariaDB, RabbitMQ).
    REFUSED = "refused"


@dataclasses.dataclass(frozen=True)
class Former:
    """A name that a set or container had once."""

    name: str
    #: The release since which it has the name of today; empty: it is not known.
    since: str = ""


@dataclasses.dataclass(frozen=True)
class ContainerSet:
    """A named node of the tree: one logical service. ``parent`` None: below the root."""

    name: str
    summary: str
    parent: str | None = None
    #: Runs only where ``[host] enabled`` names it; the names of sets above it do not suffice.
    optional: bool = False
    #: Names that it had once, by which an operator still finds it.
    formerly: tuple[Former, ...] = ()


@dataclasses.dataclass(frozen=True)
class Gone:
    """A name that no set or container has any more, and what an operator is told who uses it."""

    name: str
    #: What does its work today, as a sentence.
    instead: str
    #: The release in which it went; empty: it never ran.
    since: str = ""


@dataclasses.dataclass(frozen=True, eq=False)
class Container(Running):
    """A named leaf of the tree: one responsibility, upgraded and rolled back atomically."""

    name: str
    #: The set it belongs to.
    parent: str
    summary: str
    image: Image
    #: Runs only where ``[host] enabled`` names it; the names of sets above it do not suffice.
    optional: bool = False
    #: Names that it had once, by which an operator still finds it.
    formerly: tuple[Former, ...] = ()
    #: The only releases that have it; empty: all of them.
    releases: tuple[str, ...] = ()
    #: What does its work in the other releases, as a sentence.
    instead: str = ""
    downgrade: Downgrade = Downgrade.ALLOWED
    keyrings: tuple[Keyring, ...] = ()
    limits: Limits = Limits()
    #: Containers than which it must never be of a later release: it is upgraded after them and
    #: rolled back before them, and they are not rolled back alone.
    follows: tuple[str, ...] = ()
    #: Containers that must be healthy first, where they run on this host.
    requires: tuple[str, ...] = ()
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
    #: Options of its own, by group; they show up in ``kolla config sample``.
    options: Mapping[str, tuple[cfg.Opt, ...]] = dataclasses.field(default_factory=dict)
    #: Patterns of groups of the service's own configuration that its option list cannot
    #: know, because the operator names them (``file*``).
    open_groups: tuple[str, ...] = ()


#: The phases in which one-shot tasks run, which are the fields of a container that hold them.
PHASES = tuple(
    field.name for field in dataclasses.fields(Container) if field.type == tuple[Task, ...]
)

"""Metadata of a tree for other orchestration tools.

An exporter is a function ``export(tree, output)`` behind an entry point ``kolla.exporters``. It
returns or yields the files that it wants below the folder ``output``, the one to begin with
first, and kolla writes each as it comes. The host is not touched, and the engine is not asked.

    def export(tree, output):
        yield Written("pods.yaml", text.encode())
"""

import dataclasses
import enum
from collections.abc import Callable, Mapping

from kolla.plugin.declarations.commands import Check
from kolla.plugin.declarations.confinement import HostNeed, Privilege
from kolla.plugin.declarations.container import Container
from kolla.plugin.declarations.running import Listen


class MountKind(enum.StrEnum):
    """What is mounted."""

    #: Data with a name that outlive the container. They stay on the host where they are.
    VOLUME = "volume"
    #: A place that is empty at every start, in memory.
    SCRATCH = "scratch"
    #: A folder of the host.
    FOLDER = "folder"
    #: A file of the host.
    FILE = "file"
    #: One or the other: the plugin does not say.
    PATH = "path"


@dataclasses.dataclass(frozen=True)
class Mount:
    """A place in a container's file system that is not its image's."""

    kind: MountKind
    path: str
    #: The name of the volume, or the path on the host.
    source: str = ""
    read_only: bool = False
    #: ``rprivate``, ``rslave`` or ``rshared``; of the host's folders.
    propagation: str = "rprivate"
    #: Of scratch: bytes, or with a suffix k, m or g.
    size: str = ""
    #: The container works where the host has no such path.
    optional: bool = False
    #: It is made, empty and for the container's user, where the host has none.
    made: bool = False
    reason: str = ""


@dataclasses.dataclass(frozen=True)
class Content:
    """A file that is put into a container, read-only, for its user alone where it is secret."""

    path: str
    content: bytes
    mode: int
    secret: bool


@dataclasses.dataclass(frozen=True)
class Program:
    """What runs in a container: the service, or a one-shot task."""

    name: str
    #: Empty: the image's own.
    command: tuple[str, ...]
    environment: Mapping[str, str]
    #: The other variables: their values are secrets, or include one.
    secrets: Mapping[str, str]
    #: Seconds that a task may take; 0: it is the service.
    timeout: int = 0
    #: Another container in whose place a task runs: with its image, files, mounts, privileges.
    of: str = ""


@dataclasses.dataclass(frozen=True)
class Exported:
    """A container as the configuration wants it: all that another engine has to know.

    What does not depend on the configuration is in the declaration: ``container.strategy``,
    ``container.requires``, ``container.drain_grace``, ``container.stop_grace``.
    """

    container: Container
    #: The Python distribution that its plugin came from.
    distribution: str
    #: The names from the top of the tree down to it.
    path: tuple[str, ...]
    #: A name: whether it is built is not known.
    image: str
    #: The number of the user, and of the group, that it runs as: 0 where it has to be root.
    user: int
    service: Program
    #: The tasks of each phase, in order: ``bootstrap`` before a first start, and so on.
    tasks: Mapping[str, tuple[Program, ...]]
    files: tuple[Content, ...]
    mounts: tuple[Mount, ...]
    listens: tuple[Listen, ...]
    privileges: tuple[Privilege, ...]
    #: As in ``--security-opt``, beside ``no-new-privileges``.
    security: tuple[str, ...]
    #: ``memory`` in bytes, ``pids``, ``files`` and ``cpus``, as far as they are limited.
    limits: Mapping[str, int | float]
    #: What the host must have: modules of the kernel, switches, devices, all that it mounts.
    needs: tuple[HostNeed, ...]
    #: Exit code 75 means that it works, and what it depends on does not: no reason to restart it.
    check: Check
    #: Run inside it before it stops; it ends when no work is left.
    drain: tuple[str, ...]
    #: ``driver`` of its log, and what that is told.
    log: Mapping[str, str]


@dataclasses.dataclass(frozen=True)
class Tree:
    """What is exported, in the order of the tree."""

    host: str
    containers: tuple[Exported, ...]
    #: Makes it anew, see :meth:`filled`.
    again: Callable[[Mapping[str, str]], "Tree"]

    def filled(self, values: Mapping[str, str]) -> "Tree":
        """The same with other texts for options, which the other engine fills in.

        ``{"host.address": "$(POD_IP)", "host.name": "$(NODE)"}``: they are not judged, and what is
        derived from such an option has that text as well. What is made of all hosts stays as it
        is: a plugin computes it from values, and it names each host, this one too, with what the
        configuration says.
        """
        return self.again(values)

    def requires(self, exported: Exported) -> list[str]:
        """The containers that have to be healthy first and are exported too."""
        here = {each.container.name for each in self.containers}
        return [name for name in exported.container.requires if name in here]


@dataclasses.dataclass(frozen=True)
class Written:
    """A file that an exporter wants; its ``path`` is below ``output``."""

    path: str
    content: bytes
    mode: int = 0o644
    #: The number of a user, and of a group; None: who exports.
    owner: int | None = None

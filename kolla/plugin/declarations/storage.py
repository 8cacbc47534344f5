"""What is in the file system of a container besides its image."""

import dataclasses
from collections.abc import Callable

from kolla.plugin.cloud import Cloud
from kolla.plugin.template import Template


@dataclasses.dataclass(frozen=True)
class File:
    """A file that is put into the container, read-only; its content is in the snapshot.

    ``content``, ``option`` (``group.option`` of an option that names a file on the host), or both:
    then the content is what it has while the option is not set. Without content, there is no such
    file as long as the option is not set.
    """

    path: str
    #: Or a function that makes the template of what runs on all hosts.
    content: Template | Callable[[Cloud], str] | None = None
    option: str | None = None
    mode: int = 0o644
    #: The file that the option names is a secret, no text, or changes together with a secret:
    #: the snapshot has the option's name and a fingerprint, and each generation reads it anew.
    #: Its mode is 0600. Where it is none, a file with a private key is refused.
    secret: bool = False
    #: It is a folder: of each key in its content, which is a secret of the form ``keys``, it has
    #: a file whose name is the number. That is what a :class:`Keyring` becomes.
    numbered: bool = False
    #: ``group.option`` of a boolean option: the file is there only while that is true.
    when: str = ""

    @property
    def text(self) -> str:
        """Its content in a snapshot."""
        return self.content if isinstance(self.content, str) else ""


@dataclasses.dataclass(frozen=True)
class Volume:
    """Data that outlives every generation: a named volume of the engine."""

    name: Template
    path: str
    #: Whether other containers have it too; each of them has to say so.
    shared: bool = False


@dataclasses.dataclass(frozen=True)
class Scratch:
    """A writable place that is empty at every start (a tmpfs)."""

    path: str
    #: Bytes, or with a suffix k, m or g.
    size: Template = "64m"


@dataclasses.dataclass(frozen=True)
class HostMount:
    """A path of the host inside the container; shown as super-privileged if it is crucial."""

    source: Template
    path: str
    reason: str
    read_only: bool = True
    #: ``rprivate``, ``rslave`` or ``rshared``.
    propagation: str = "rprivate"
    #: Left out where the host has no such path.
    optional: bool = False

    @property
    def options(self) -> str:
        """The options of the mount as in ``-v``: ``ro,rprivate``."""
        return f"{'ro' if self.read_only else 'rw'},{self.propagation}"

"""The public API: all of kolla that a plugin imports.

A plugin is a declaration. It names a :class:`ContainerSet`, a :class:`Container` or
an :class:`Image` in a module of its own and points an entry point at it::

    [project.entry-points."kolla.container_sets"]
    stores = "kolla_redis:STORES"

    [project.entry-points."kolla.containers"]
    redis = "kolla_redis:REDIS"

Texts that come from options are templates: ``${group.option}`` stands for an option of
kolla.conf and ``$$`` for a dollar sign. ``${url:group.option}`` is the same, quoted for use
inside a URL; ``${oslo:group.option}``, quoted for a variable ``OS_<GROUP>__<OPTION>`` that
oslo.config reads, which would take ``$`` for the beginning of a name. An option that was
registered with ``secret=True`` stays a reference in everything kolla stores or prints; its
value is put in at the last moment. ``${public:group.option}`` is the public half of such an ssh
key, or the certificate of such a key. ``${group.option?yes:no}`` stands for one of the two texts,
which may have references, depending on a boolean option;
``${group.option|group.option}``, for the first of two options that is not empty.
"""

import importlib
from typing import TYPE_CHECKING, Any

from kolla.errors import KollaError
from kolla.plugin.cloud import Cloud, Host, Listening
from kolla.plugin.declarations.certificates import (
    Certificate, authority_file, certificate_files, certificate_options,
)
from kolla.plugin.declarations.commands import STRAINED, WAITS, Check, Hold, Task
from kolla.plugin.declarations.confinement import HostNeed, Limits, Privilege
from kolla.plugin.declarations.container import Container, ContainerSet, Downgrade, Former, Gone
from kolla.plugin.declarations.hosts import each_host
from kolla.plugin.declarations.image import Image, shared_folder
from kolla.plugin.declarations.keyring import Keyring
from kolla.plugin.declarations.running import Listen, Running, Strategy
from kolla.plugin.declarations.storage import File, HostMount, Scratch, Volume
from kolla.plugin.event import Event
from kolla.plugin.forms import secret
from kolla.plugin.releases import Releases

if TYPE_CHECKING:
    from kolla.plugin.backend import Backend
    from kolla.plugin.export import Content, Exported, Mount, MountKind, Program, Tree, Written
    from kolla.plugin.reports import BackendError
else:
    def __getattr__(name: str) -> Any:
        """What only backends and exporters use: a command that lists does not wait for it."""
        for room in ("reports", "backend", "export") if name in __all__ else ():
            module = importlib.import_module(f"kolla.plugin.{room}")
            if hasattr(module, name):
                return getattr(module, name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

__all__ = [
    "Backend",
    "BackendError",
    "Certificate",
    "Check",
    "Cloud",
    "Container",
    "ContainerSet",
    "Content",
    "Downgrade",
    "Event",
    "Exported",
    "File",
    "Former",
    "Gone",
    "Hold",
    "Host",
    "HostMount",
    "HostNeed",
    "Image",
    "Keyring",
    "KollaError",
    "Limits",
    "Listen",
    "Listening",
    "Mount",
    "MountKind",
    "Privilege",
    "Program",
    "Releases",
    "Running",
    "STRAINED",
    "Scratch",
    "Strategy",
    "Task",
    "Tree",
    "Volume",
    "WAITS",
    "Written",
    "authority_file",
    "certificate_files",
    "certificate_options",
    "each_host",
    "secret",
    "shared_folder",
]

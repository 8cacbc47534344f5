"""The commands that run inside a container, or in its place."""

import dataclasses
from collections.abc import Mapping

from kolla.plugin.template import Template

#: Exit code of a check (EX_TEMPFAIL of sysexits.h): the container works, but its dependencies
#: do not, or it is overloaded. A restart would not help.
STRAINED = 75
#: Exit code of a contract task that other hosts hold up (EX_TEMPFAIL, too).
WAITS = 75


@dataclasses.dataclass(frozen=True)
class Check:
    """The container's own health command, run inside it. Times are in seconds."""

    command: tuple[str, ...] = ("kolla-check",)
    interval: int = 30
    timeout: int = 10
    retries: int = 3
    #: How long a new generation may take until its check passes for the first time. On a busy
    #: host, one that imports much takes minutes; one that ends is not waited for.
    grace: int = 240


@dataclasses.dataclass(frozen=True)
class Hold:
    """How requests wait while something is replaced that their container requires.

    Both commands run inside the container, and kolla adds the name of what is replaced.
    """

    #: Lets new requests wait, and returns when those under way have ended, or do not end soon.
    #: Whatever becomes of kolla, the wait ends by itself.
    command: tuple[str, ...] = ("kolla-hold",)
    #: Lets them go on, unless they wait for something else too.
    resume: tuple[str, ...] = ("kolla-resume",)
    #: Seconds that each command may take.
    timeout: int = 30


@dataclasses.dataclass(frozen=True)
class Task:
    """A one-shot command, run to its end in a container of the service's own image.

    It must be idempotent: it runs again after an interruption. ``KOLLA_LOCK_TIMEOUT`` has the
    seconds for which it may wait for another host; ``KOLLA_TARGET_RELEASE`` and
    ``KOLLA_TARGET_VERSION`` say what its container is on the way to.
    """

    name: str
    command: tuple[str, ...]
    #: Added to the container's own environment, for this task only.
    environment: Mapping[str, Template] = dataclasses.field(default_factory=dict)
    #: Seconds after which it counts as failed.
    timeout: int = 600
    #: Another container on the same host, in whose place it runs: from the image that runs there
    #: now, with its environment, files and volumes, and the ``environment`` of the task. It is
    #: told whom it works for in ``KOLLA_CONTAINER`` and ``KOLLA_GENERATION``.
    of: str = ""
    #: Besides 0, the exit code after which all goes on, with what the task said as a warning.
    warning: int = 0
    #: Of a task in ``on_demand``: the seconds after which the monitor runs it again. 0: only
    #: operators run it.
    every: int = 0
    #: Only the first host that runs the container has it, in the order of their files in hosts/.
    first: bool = False

"""What carries out operations on the engine, and what it reports back."""

import abc
import dataclasses
import enum
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

from kolla.errors import KollaError
from kolla.plugin.spec import Spec


class Restart(enum.StrEnum):
    """What the engine does by itself with a container that has ended, in its own words."""

    #: It is committed.
    ALWAYS = "always"
    #: It is committed and was stopped on purpose: the engine leaves it stopped.
    STOPPED = "unless-stopped"
    #: It is not committed, or no longer.
    NEVER = "no"


ALWAYS, STOPPED, NEVER = Restart
#: Something in a container was killed because it used too much memory.
STARVED = "oom"


class BackendError(KollaError):
    """The engine refused or could not be reached."""


class Unreachable(BackendError):
    """The engine, or the program that drives it, does not answer in time.

    That says nothing about any container.
    """


class UnreadableLog(BackendError):
    """The log driver does not let a log be read back; the hint says where to look."""


@dataclasses.dataclass(frozen=True)
class Observed:
    """A generation (or a one-shot task) of a container as the engine has it."""

    name: str
    container: str
    generation: int
    running: bool
    #: The engine's own word: created, running, restarting, paused, exited, dead.
    status: str
    task: str = ""
    #: Only after ``inspect``.
    restart: str = ""
    #: Whether it ever counted: with its commit it got its full share of the CPU, which it keeps.
    committed: bool = False
    labels: Mapping[str, str] = dataclasses.field(default_factory=dict)
    started_at: str = ""
    exit_code: int | None = None
    #: How often the engine has started it again by itself.
    restarts: int = 0
    #: Whether its process was killed because it used too much memory. Of one that runs it
    #: means nothing: engines forget it with the next start, or never.
    out_of_memory: bool = False


@dataclasses.dataclass(frozen=True)
class Stranger:
    """A container that carries labels of kolla and is not one of kolla's: left alone."""

    name: str
    why: str


@dataclasses.dataclass(frozen=True)
class ImageFacts:
    """What the engine knows of an image."""

    id: str
    reference: str
    labels: Mapping[str, str] = dataclasses.field(default_factory=dict)
    size: int = 0
    created: str = ""


@dataclasses.dataclass(frozen=True)
class Outcome:
    """How a command in a container ended."""

    exit_code: int
    output: str


@dataclasses.dataclass(frozen=True)
class Usage:
    """What a container uses of its limits at the moment."""

    #: Bytes, without what the kernel can drop at once.
    memory: int
    #: Processes and threads.
    pids: int


@dataclasses.dataclass(frozen=True)
class Instance:
    """Everything needed to create a container on the engine, secrets resolved."""

    name: str
    image: str
    user: int
    environment: Mapping[str, str]
    labels: Mapping[str, str]
    command: tuple[str, ...] = ()
    #: (source, target, options) of bind mounts, as in ``-v``.
    binds: tuple[tuple[str, str, str], ...] = ()
    volumes: tuple[tuple[str, str], ...] = ()
    #: target to size.
    scratch: Mapping[str, str] = dataclasses.field(default_factory=dict)
    capabilities: tuple[str, ...] = ()
    #: Of ``capabilities``, where those are ``ALL``; else all are dropped that it has not.
    dropped: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    #: As in ``--device-cgroup-rule``.
    device_rules: tuple[str, ...] = ()
    #: Numbers of groups beside its own.
    groups: tuple[str, ...] = ()
    #: Any of privileged, pid, ipc, cgroup, root, writable-root, new-privileges.
    privileges: frozenset[str] = frozenset()
    #: By the engine's names; -1 is no limit. Open files are among ``limits``.
    ulimits: Mapping[str, int] = dataclasses.field(default_factory=dict)
    #: ``memory`` in bytes (with swap), ``pids``, ``files`` and ``cpus``, as far as limited.
    limits: Mapping[str, int | float] = dataclasses.field(default_factory=dict)
    stop_grace: int = 30
    #: As in ``--security-opt``: ``apparmor=…``, ``label=…``, ``seccomp=…``, ``systempaths=…``.
    security: tuple[str, ...] = ()
    #: Whether it leaves the CPU to what serves, until its restart policy says that it counts.
    in_background: bool = False
    log_driver: str = "json-file"
    log_options: Mapping[str, str] = dataclasses.field(default_factory=dict)
    #: Variables of the environment whose values hold a secret.
    secrets: frozenset[str] = frozenset()


class Happenings(Iterator[tuple[str, str]]):
    """The names of kolla's containers and what happens to them.

    In the engine's words: start, die, pause, unpause, destroy, and ``STARVED``. Without an
    end, until any thread calls ``close``; raises :class:`Unreachable` if the engine goes away.
    """

    def __init__(self, told: Iterator[tuple[str, str]], close: Callable[[], None]):
        self._told, self.close = told, close

    def __next__(self) -> tuple[str, str]:
        return next(self._told)


class Configured(Protocol):
    """What a backend may ask of the settings."""

    host: str
    #: The tree of what is installed.
    catalog: Any

    def value(self, group: str, option: str) -> Any:
        """The effective value of an option."""

    def references(self, rendered: str) -> list[str]:
        """The secrets that a rendered text refers to."""

    def reveal(self, rendered: str) -> str:
        """A rendered text with its secrets put in."""

    def taken_out(self, rendered: str) -> list[str]:
        """Those of its secrets that the configuration has no more."""


class Backend(abc.ABC):
    """Carries out single operations; decides nothing.

    Every method raises :class:`BackendError` if the engine refuses or cannot be reached.
    Times are in seconds. Operations that find their work already done succeed. All backends
    of a deployment work on one engine: what one has made, every other sees. Whatever comes
    from a container, its output, its log and errors about it, has passed
    :func:`kolla.text.harmless`.
    """

    #: What generations remember it by; empty: the name of its entry point.
    name = ""

    def require(self, spec: Spec) -> None:
        """Raise :class:`BackendError` if it cannot make generations of a spec.

        Called before anything is touched.
        """

    @abc.abstractmethod
    def observe(self, container: str | None = None) -> list[Observed]:
        """The generations and tasks of one container, or of all, in one call, without policies.

        Kolla's is what has the name that its labels say; see :meth:`strangers`.
        """

    def strangers(self) -> list[Stranger]:
        """Containers with labels of kolla whose name is another one, such as copies."""
        return []

    @abc.abstractmethod
    def inspect(self, name: str) -> Observed | None:
        """One of them with its restart policy; None if there is none of that name."""

    @abc.abstractmethod
    def image(self, reference: str) -> ImageFacts | None:
        """The image behind a tag or id; None if the engine has none."""

    @abc.abstractmethod
    def images(self) -> list[ImageFacts]:
        """All images that carry kolla's labels, one entry for each tag."""

    @abc.abstractmethod
    def tag(self, image: str, reference: str) -> None:
        """Give an image a further name, so that no prune takes it."""

    @abc.abstractmethod
    def untag(self, reference: str) -> None:
        """Take a name from an image; the engine deletes an image without names."""

    @abc.abstractmethod
    def read_file(self, image: str, path: str, container: str = "") -> bytes | None:
        """A file inside an image; None if it is not there.

        With ``container`` the recovery of that one takes away what a killed read left.
        """

    @abc.abstractmethod
    def create(self, instance: Instance) -> None:
        """Create, with restart policy NEVER, not started."""

    @abc.abstractmethod
    def start(self, name: str) -> None: ...

    @abc.abstractmethod
    def stop(self, name: str, grace: int) -> None:
        """Signal, wait up to ``grace`` seconds, kill."""

    @abc.abstractmethod
    def remove(self, name: str) -> None:
        """Remove it, running or not, and its unnamed volumes; those with a name stay."""

    def forget(self, name: str) -> None:
        """Drop what this backend itself keeps of a generation that is gone for good.

        Its container may have been removed by hand long before.
        """

    @abc.abstractmethod
    def set_restart(self, name: str, policy: str) -> None: ...

    @abc.abstractmethod
    def execute(self, name: str, command: tuple[str, ...], timeout: int) -> Outcome:
        """Run a command in a running container; it is killed inside after ``timeout``."""

    @abc.abstractmethod
    def happenings(self) -> Happenings:
        """What happens to kolla's containers from now on."""

    @abc.abstractmethod
    def run(self, instance: Instance, timeout: int) -> Outcome:
        """Create, run to the end and remove: a one-shot task."""

    @abc.abstractmethod
    def logs(
        self,
        name: str,
        tail: int | None = None,
        since: float | None = None,
        until: float | None = None,
        follow: bool = False,
    ) -> Iterator[tuple[str, str]]:
        """(time, line) pairs of what it wrote to standard output and error, as it comes.

        Times are UTC in ISO 8601 with nine digits of a second. Raises :class:`UnreadableLog`
        if the log driver keeps it from the engine. With ``follow`` it ends when the container
        does, or the engine.
        """

    def usage(self, name: str) -> Usage | None:
        """What a running container uses; None if that is not known."""
        return None

    @abc.abstractmethod
    def remove_volume(self, name: str) -> None: ...

    @abc.abstractmethod
    def shell(self, name: str, command: tuple[str, ...], tty: bool) -> tuple[str, ...]:
        """The command line with which a person enters the container."""

    @abc.abstractmethod
    def version(self) -> str:
        """The engine's name and version."""

"""What a plugin declares; nothing in here needs kolla outside this room."""

import dataclasses
import enum
import pathlib
from collections.abc import Mapping

from oslo_config import cfg

from kolla.plugin.forms import SecretType
from kolla.plugin.releases import Releases


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
class Image:
    """An image that ``kolla image build`` makes from a folder with a Dockerfile.

    The contract between kolla and an image is in the guide "Images".
    """

    name: str
    #: The build context; ``Dockerfile`` lies in it.
    folder: pathlib.Path
    #: The name of the image it is built on, which its Dockerfile gets as ``PARENT``.
    parent: str | None = "base"
    #: Built once for each release (:class:`Releases`), which the Dockerfile gets as ``RELEASE``.
    per_release: bool = False
    #: The name of an image in which its Dockerfile builds, and which it gets as ``BUILDER``.
    builder: str | None = None
    #: Only the stage ``fetch`` of its Dockerfile has a network: it is built first.
    offline: bool = False
    #: The order of the releases; an installation has one, from whichever image declares it.
    releases: Releases | None = None


@dataclasses.dataclass(frozen=True)
class Check:
    """The container's own health command, run inside it. Times are in seconds."""

    command: tuple[str, ...] = ("kolla-check",)
    interval: int = 30
    timeout: int = 10
    retries: int = 3
    #: How long a new generation may take until its check passes for the first time.
    grace: int = 60


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
    #: Added to the container's own environment (templates), for this task only.
    environment: Mapping[str, str] = dataclasses.field(default_factory=dict)
    #: Seconds after which it counts as failed.
    timeout: int = 600
    #: Another container on the same host, in whose place it runs: from the image that runs there
    #: now, with its environment, files and volumes, and the ``environment`` of the task. It is
    #: told whom it works for in ``KOLLA_CONTAINER`` and ``KOLLA_GENERATION``.
    of: str = ""


@dataclasses.dataclass(frozen=True)
class File:
    """A file that is put into the container, read-only; its content is in the snapshot.

    Either ``content`` (a template) or ``option`` (``group.option`` of an option that
    names a file on the host; unset means that there is no such file).
    """

    path: str
    content: str | None = None
    option: str | None = None
    mode: int = 0o644
    #: The file that the option names is a secret, no text, or changes together with a secret:
    #: the snapshot has the option's name and a fingerprint, and each generation reads it anew.
    #: Its mode is 0600.
    secret: bool = False
    #: ``group.option`` of a boolean option: the file is there only while that is true.
    when: str = ""


@dataclasses.dataclass(frozen=True)
class Certificate:
    """What a container proves its identity with to clients that trust its authority.

    ``kolla config certificates`` makes it and its key. Each container has an authority of its
    own: one that takes the address of another cannot pass for it.
    """

    #: The group of the options that :func:`certificate_options` gives.
    group: str
    #: ``group.option`` of the boolean option that turns TLS on.
    when: str
    #: Templates of addresses, names, or URLs under which clients reach the container.
    names: tuple[str, ...]
    #: Users of the cloud are among the clients.
    public: bool = False


@dataclasses.dataclass(frozen=True)
class Volume:
    """Data that outlives every generation: a named volume of the engine."""

    #: A template.
    name: str
    path: str
    #: Whether other containers have it too; each of them has to say so.
    shared: bool = False


@dataclasses.dataclass(frozen=True)
class Scratch:
    """A writable place that is empty at every start (a tmpfs)."""

    path: str
    #: A template; bytes, or with a suffix k, m or g.
    size: str = "64m"


@dataclasses.dataclass(frozen=True)
class Limits:
    """What a container may use of its host at most; ``[limits]`` says otherwise.

    Each is a template for a sum of products, like ``1g + 256m * ${keystone.workers}``. A number
    may have a suffix k, m, g or t, in powers of 1024. 0 means no limit.
    """

    #: Bytes of memory, what is in its scratch included; it gets no swap.
    memory: str = "1g"
    #: Processes and threads.
    pids: str = "1024"
    #: Files and sockets that each of its processes may have open.
    files: str = "16384"
    #: Processors.
    cpus: str = "0"
    #: Bytes that its limit of memory has to exceed: a smaller one is refused.
    least_memory: str = "16m"


@dataclasses.dataclass(frozen=True)
class HostNeed:
    """Something that the host must have before the container starts.

    ``kolla host check`` lists it with its reason, ``kolla host prepare`` makes it where that
    is possible, and where it is missing the container is not started. ``kind`` is one of
    ``module`` (of the kernel: ``openvswitch``), ``sysctl`` (``net.ipv4.ip_forward=1``),
    ``shared-mount`` (a folder in which mounts are passed on), ``folder`` and ``file`` (made
    empty, for the container's user), ``device`` (``/dev/kvm``) and ``interface`` (of the
    network). What a container mounts, and its devices, it needs without saying so here.
    """

    kind: str
    #: A template.
    value: str
    reason: str
    #: The container works without it, less well.
    optional: bool = False

    def __str__(self) -> str:
        return f"{self.kind} {self.value}"


@dataclasses.dataclass(frozen=True)
class HostMount:
    """A path of the host inside the container; shown as super-privileged if it is crucial."""

    #: A template.
    source: str
    path: str
    reason: str
    read_only: bool = True
    #: ``rprivate``, ``rslave`` or ``rshared``.
    propagation: str = "rprivate"
    #: Left out where the host has no such path.
    optional: bool = False

    @property
    def options(self) -> str:
        """As in ``-v``: ``ro,rprivate``."""
        return f"{'ro' if self.read_only else 'rw'},{self.propagation}"


@dataclasses.dataclass(frozen=True)
class Privilege:
    """One thing a container may do beyond the default, and why.

    ``kind`` is one of

    * with a value: ``capability`` (``NET_ADMIN``), ``device`` (``/dev/kvm``), ``device-rule``
      (``c 10:232 rwm``: devices that appear later), ``group`` (a number, beside its own),
      ``limit`` (``memlock=67108864``; -1 is none), ``unconfined`` (by ``seccomp``,
      ``apparmor``, SELinux' ``label``, or masked ``systempaths``);
    * without one: ``pid``, ``ipc``, ``cgroup`` (the host's), ``root`` (it runs as root, and
      its files belong to root), ``writable-root`` (its root file system can be written to),
      ``new-privileges`` (its programs can become more than it is: sudo, sVirt), and
      ``privileged`` (all that this host can give).

    An engine gives capabilities to root only: ``capability`` and ``privileged`` need ``root``,
    or ``new-privileges`` and a program in the image that becomes root.
    """

    kind: str
    reason: str
    #: A template.
    value: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.value}" if self.value else self.kind


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


def shared_folder(*parts: str) -> pathlib.Path:
    """A folder or file that kolla ships beside its code (``docker/``, ``etc/``).

    In a checkout it is found there, after an installation below ``share/kolla``.
    """
    import sys

    checkout = pathlib.Path(__file__).resolve().parents[2]
    if (checkout / "docker" / "base" / "Dockerfile").is_file():
        return checkout.joinpath(*parts)
    return pathlib.Path(sys.prefix, "share", "kolla", *parts)


def secret(name: str, help: str, form: str = "password") -> cfg.Opt:
    """An option for a secret; ``kolla config passwords`` fills it in.

    ``form``: ``password`` (any text), ``hex:N`` or ``base64:N`` (of N bytes), ``fernet``,
    ``uuid``, ``ssh`` (a private key; ``${public:group.option}`` is its public half) or ``none``
    (any text, which nobody but an operator has). Raises ValueError for any other form.
    """
    return cfg.Opt(name, type=SecretType(form), secret=True, help=help)


def certificate_options(container: str) -> tuple[cfg.Opt, ...]:
    """Options of the group of a :class:`Certificate`, which name its files on the host."""
    folder = "${certificates.folder}/" + container
    return (
        cfg.StrOpt(
            "certificate", default=f"{folder}/${{host.name}}.crt",
            help="Its certificate (PEM), with those of intermediate authorities after it.",
        ),
        cfg.StrOpt("key", default=f"{folder}/${{host.name}}.key", help="The key to that (PEM)."),
        cfg.StrOpt(
            "authority", default=f"{folder}/authority.crt",
            help="The authorities that its clients trust (PEM).",
        ),
    )


def certificate_files(group: str, when: str) -> tuple[File, ...]:
    """The files of a server: ``/etc/kolla/tls/server.crt`` and ``server.crt.key``."""
    return (
        File("/etc/kolla/tls/server.crt", option=f"{group}.certificate", secret=True, when=when),
        File("/etc/kolla/tls/server.crt.key", option=f"{group}.key", secret=True, when=when),
    )


def authority_file(group: str, when: str) -> File:
    """The file of a client of that server: ``/etc/kolla/tls/<group>.crt``."""
    path = f"/etc/kolla/tls/{group}.crt"
    return File(path, option=f"{group}.authority", secret=True, when=when)

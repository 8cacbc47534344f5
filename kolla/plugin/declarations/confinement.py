"""What a container needs of its host, and how much it may do and use there."""

import dataclasses

from kolla.plugin.template import Template


@dataclasses.dataclass(frozen=True)
class Limits:
    """What a container may use of its host at most; ``[limits]`` says otherwise.

    Each is a sum of products, like ``1g + 256m * ${keystone.workers}``. A number
    may have a suffix k, m, g or t, in powers of 1024. 0 means no limit.
    """

    #: Bytes of memory, what is in its scratch included; it gets no swap.
    memory: Template = "1g"
    #: Processes and threads.
    pids: Template = "1024"
    #: Files and sockets that each of its processes may have open.
    files: Template = "16384"
    #: Processors.
    cpus: Template = "0"
    #: Bytes that its limit of memory has to exceed: a smaller one is refused.
    least_memory: Template = "16m"


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
    value: Template
    reason: str
    #: The container works without it, less well.
    optional: bool = False

    def __str__(self) -> str:
        return f"{self.kind} {self.value}"


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
    value: Template = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.value}" if self.value else self.kind

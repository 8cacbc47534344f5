"""What containers need of their host: found, made, or a reason to refuse."""

import collections
import dataclasses
from collections.abc import Iterable, Iterator

from kolla.errors import KollaError, said
from kolla.host.findings import Finding, State
from kolla.host.kinds import KINDS
from kolla.plugin import Container, HostNeed, Listen, Strategy
from kolla.plugin.spec import Spec
from kolla.settings import Settings

#: The need that a mount of each propagation is.
_MOUNTS = {"rprivate": "path", "rslave": "slave-mount", "rshared": "shared-mount"}
#: The kernel moves queued connections from a closing socket to its successor (Linux 5.14).
HANDOVER = HostNeed(
    "sysctl", "net.ipv4.tcp_migrate_req=1",
    "without it a handover may reset connections that nobody had accepted yet", optional=True,
)

#: The outcome of a need that the host had already.
THERE = "was there"


@dataclasses.dataclass(frozen=True)
class Made:
    """What became of one need."""

    need: HostNeed
    container: str
    #: What was done, or why it is missing.
    outcome: str
    missing: bool = False
    #: What to do about one that is missing.
    advice: str = ""

    @property
    def fails(self) -> bool:
        """Whether the container cannot work for want of it."""
        return self.missing and not self.need.optional


def needs_of(container: Container, settings: Settings) -> tuple[HostNeed, ...]:
    """All that it needs, rendered: what it declares, and what follows from the rest of it."""
    declared = [
        dataclasses.replace(need, value=settings.render(need.value)) for need in container.needs
    ]
    places = {need.value for need in declared}
    mounts = (
        HostNeed(_MOUNTS[mount.propagation], settings.render(mount.source), mount.reason)
        for mount in container.host_mounts if not mount.optional
    )
    devices = (
        HostNeed("device", settings.render(item.value).partition(":")[0], item.reason)
        for item in container.privileges if item.kind == "device"
    )
    implied = [
        need for need in (*mounts, *devices)
        if need.kind == "shared-mount" or need.value not in places
    ]
    implied += [_nonlocal(listen) for listen in settings.listens(container) if listen.floating]
    if container.strategy is Strategy.HANDOVER and container.listens:
        implied.append(HANDOVER)
    return tuple(dict.fromkeys([*declared, *implied]))


def _nonlocal(listen: Listen) -> HostNeed:
    family = "ipv6" if ":" in listen.address else "ipv4"
    return HostNeed("sysctl", f"net.{family}.ip_nonlocal_bind=1",
                    f"it binds {listen.address} also while another host has that address")


def lack(need: HostNeed) -> str:
    """Why this host does not have it; empty if it does."""
    return KINDS[need.kind].lack(need.value)


def require(spec: Spec) -> None:
    """Raise :class:`KollaError` if the host lacks something that a container cannot do without."""
    lacks = [(need, why) for need in spec.needs if not need.optional and (why := lack(need))]
    if lacks:
        raise KollaError(
            "\n".join(f"{spec.container} needs the {need} of this host, which {why}: {need.reason}"
                      for need, why in lacks),
            "; ".join(dict.fromkeys(_to_do(need) for need, _ in lacks)),
        )


def examine(settings: Settings) -> Iterator[Finding]:
    """All that the containers of this host need, each once, and for whom."""
    wanted: dict[tuple[str, str], list[tuple[str, HostNeed]]] = collections.defaultdict(list)
    for container, need in _all(settings):
        wanted[need.kind, need.value].append((container.name, need))
    for users in wanted.values():
        yield _finding([need for _, need in users], _for_whom(users))


def _finding(needs: list[HostNeed], whom: str) -> Finding:
    need = needs[0]
    why = lack(need)
    if not why:
        return Finding(str(need), State.OK, whom)
    optional = all(need.optional for need in needs)
    state = State.WARNING if optional else State.MISSING
    return Finding(str(need), state, f"{why}; {whom}", _to_do(need))


def _to_do(need: HostNeed) -> str:
    return KINDS[need.kind].to_do(need.value)


def _for_whom(users: Iterable[tuple[str, HostNeed]]) -> str:
    """Each reason once, after the containers that have it."""
    names: dict[str, list[str]] = collections.defaultdict(list)
    for name, need in users:
        names[need.reason].append(name)
    return "; ".join(f"{', '.join(whose)}: {reason}" for reason, whose in names.items())


def prepare(settings: Settings, touch: bool = True) -> Iterator[Made]:
    """Make what the containers of this host need and it lacks, as far as it can be made.

    Without ``touch`` it only tells what would be made.
    """
    for container, need in _all(settings):
        kind, why = KINDS[need.kind], lack(need)
        if not why:
            yield Made(need, container.name, THERE)
        elif kind.make is None or kind.by_hand(need.value):
            yield Made(need, container.name, why, True, kind.to_do(need.value))
        elif not touch:
            yield Made(need, container.name, "to be made")
        else:
            yield _made(need, container)


def _made(need: HostNeed, container: Container) -> Made:
    root = any(item.kind == "root" for item in container.privileges)
    kind = KINDS[need.kind]
    try:
        if kind.make:
            kind.make(need.value, 0 if root else container.user)
    except (KollaError, OSError) as error:
        return Made(need, container.name, f"cannot be made: {said(error)}", True)
    why = lack(need)
    return Made(need, container.name, why or "made", bool(why), kind.by_hand(need.value))


def _all(settings: Settings) -> Iterator[tuple[Container, HostNeed]]:
    for container in settings.enabled():
        for need in needs_of(container, settings):
            yield container, need

"""What the configuration and an operator's command ask of a container."""

import re

from kolla import ports, releases
from kolla.errors import KollaError
from kolla.plan import State
from kolla.plugin import Container, Downgrade
from kolla.spec import Spec, build

VERSION = "org.opencontainers.image.version"


def spec(
    deployment, container: Container, state: State,
    release: str | None = None, image: str | None = None,
) -> Spec:
    """The spec wanted now.

    Raises :class:`KollaError` if there is no such image, or the way to it is refused.
    """
    pin = state.record
    wanted = release or pin.release_pin or deployment.settings.value("DEFAULT", "release")
    current = state.current if state.current in state.generations else None
    if release and current and container.image.per_release:
        refuse_jump(container, state.spec(current).release, release)
    reference = image or (pin.image_pin if not release else None)
    facts = deployment.backend.image(reference or deployment.reference(container, wanted))
    if facts is None:
        raise _missing(deployment, container, wanted, reference)
    of_image = facts.labels.get("kolla.release", wanted) if container.image.per_release else ""
    version = facts.labels.get(VERSION, "")
    made = build(
        container, deployment.settings, facts, of_image, version, deployment.backend.name
    )
    if current:
        refuse(container, state.spec(current), made, explicit=bool(image))
    return made


def _missing(deployment, container: Container, release: str, reference: str | None):
    if reference:
        return KollaError(
            f"the engine has no image {reference}, which {container.name} is to run",
            "build it or load it, or choose another with --release or --image",
        )
    name = deployment.reference(container, release)
    option = f" --release {release}" if container.image.per_release else ""
    return KollaError(
        f"the image {name} is not built", f"`kolla image build {container.image.name}{option}`"
    )


def refuse(container: Container, old: Spec, new: Spec, explicit: bool = False) -> None:
    """Raise :class:`KollaError` where the way from one spec to the other does not exist."""
    if not explicit:
        refuse_jump(container, old.release, new.release)
    refuse_downgrade(container, old, new)


def refuse_jump(container: Container, old: str, new: str) -> None:
    """Raise :class:`KollaError` where no upgrade leads from one release to the other."""
    reason = releases.refuse_jump(old, new) if old and new else ""
    if reason:
        raise KollaError(f"{container.name}: {reason}")


def refuse_downgrade(container: Container, old: Spec, new: Spec) -> None:
    """Raise :class:`KollaError` if the data cannot go back to the older software."""
    if container.downgrade is Downgrade.REFUSED and _parts(new.version) < _parts(old.version):
        raise KollaError(
            f"{container.name} cannot go back from version {old.version} to {new.version}:"
            " its data on disk is of the later one",
            "restore a backup taken with the earlier version instead",
        )


def _parts(version: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", version)]


def require_ports(deployment, container: Container) -> None:
    """Raise :class:`KollaError` if somebody else holds a port the container needs."""
    settings = deployment.settings
    for listen in container.listens:
        address, port = settings.render(listen.address), settings.render(listen.port)
        problem = ports.problem(address, int(port))
        if problem:
            raise KollaError(
                f"{container.name}: {address} port {port} {problem}", problem.advice
            )

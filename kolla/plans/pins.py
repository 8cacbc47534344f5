"""Pins: what keeps a container at a release or an image, whatever the configuration says.

A pin is made by an upgrade with ``--release`` or ``--image`` and by a rollback. It is ended by
``--follow-config`` and by a deletion.
"""

import enum

from kolla.catalog import releases
from kolla.deployment import Deployment
from kolla.plans import desired
from kolla.plans.plan import State
from kolla.plans.requests import Request
from kolla.plugin import Container
from kolla.plugin.spec import Spec, short_id
from kolla.store.records import Record, who


def of_upgrade(request: Request, spec: Spec | None) -> dict[str, str | None]:
    """What an upgrade pins, or unpins."""
    if request.follow:
        return {"image_pin": None, "release_pin": None, "pinned_by": ""}
    if request.image:
        by = f"upgrade --image {request.image}, by {who()}"
        release = spec.release if spec else ""
        return {"image_pin": request.image, "release_pin": release or None, "pinned_by": by}
    if request.release and spec and spec.release:
        by = f"upgrade --release {request.release}, by {who()}"
        return {"image_pin": None, "release_pin": request.release, "pinned_by": by}
    return {}


def of_rollback(state: State, number: int) -> dict[str, str | None]:
    """What a rollback pins: the release, so that its later images are still followed.

    Within a release it pins the image, because the later image of that release was the bad one.
    If the image stays the same, there is nothing to pin.
    """
    old, new = state.spec(state.current), state.spec(number)
    if old.image_id == new.image_id:
        return {}
    by = f"rollback to generation {number}, by {who()}"
    image = None if new.release != old.release else new.image_id
    return {"image_pin": image, "release_pin": new.release or None, "pinned_by": by}


class Obstacle(enum.Enum):
    """Why a pinned container cannot follow the configuration."""

    EARLIER = "the configured release is earlier than the pin"
    GONE = "the configured release has no such container"


def obstacle(deployment: Deployment, container: Container, record: Record) -> Obstacle | None:
    """What keeps it from following the configuration without its pin; None if nothing does."""
    release = deployment.settings.value("DEFAULT", "release")
    if releases.earlier(deployment.catalog.release_order, release, record.release_pin or ""):
        return Obstacle.EARLIER
    if container.releases and release not in container.releases:
        return Obstacle.GONE
    return None


def held_back(deployment: Deployment, container: Container, record: Record) -> str:
    """How a pin holds a container back from the configuration; empty if none does."""
    release = deployment.settings.value("DEFAULT", "release")
    stays, asked = record.release_pin, f"[DEFAULT] release is {release}"
    end = f"`kolla container upgrade {container.name} --follow-config` ends that"
    why_not = obstacle(deployment, container, record)
    if record.image_pin:
        stays = f"the image {short_id(record.image_pin)}"
        if why_not is None:
            here = deployment.backend.image(record.image_pin)
            wanted = deployment.backend.image(
                desired.name_of_image(deployment, container, release)
            )
            if wanted is None or here and here.id == wanted.id:
                return ""
            asked = f"{wanted.reference} is {short_id(wanted.id)}"
    elif record.release_pin in (None, release) or not container.image.per_release:
        return ""
    if why_not is Obstacle.EARLIER:
        end = f"raise that, or `kolla container rollback {container.name}` goes back"
    elif why_not is Obstacle.GONE:
        asked = f"{asked}, which {container.name} is no part of"
        end = "on a host that goes on without it, delete it and name it in [host] disabled"
    since = f" since {record.pinned_at[:16].replace('T', ' ')} UTC" if record.pinned_at else ""
    by = f" ({record.pinned_by})" if record.pinned_by else ""
    return f"pinned to {stays}{since}{by}, while {asked}; {end}"

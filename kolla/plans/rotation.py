"""The next step to new keys: ``kolla config rotate``."""

import dataclasses
import enum
from collections.abc import Mapping
from datetime import datetime, timedelta

from kolla.deployment import Deployment
from kolla.errors import KollaError
from kolla.plans.keyrings import bracketed, configured
from kolla.plans.observe import recorded
from kolla.plans.plan import State
from kolla.plugin import Container, numbered
from kolla.plugin.declarations.keyring import Keyring
from kolla.plugin.forms import new_fernet_key
from kolla.plugin.numbered import STAGED, signing
from kolla.store.records import RUNNING, Generation
from kolla.times import now


class Step(enum.StrEnum):
    """The steps of a rotation, in order. Each has to reach all hosts before the next begins."""

    STAGE = "stage"
    SIGN = "sign"
    DROP = "drop"


@dataclasses.dataclass(frozen=True)
class Turn:
    """The next step of one keyring."""

    ring: Keyring
    step: Step
    #: By number: the keys after this step.
    keys: Mapping[int, str]


def next_step(keys: Mapping[int, str]) -> Step:
    if STAGED in keys:
        return Step.SIGN
    return Step.DROP if len(keys) > 1 else Step.STAGE


def turned(keys: Mapping[int, str]) -> dict[int, str]:
    """The keys after their next step."""
    last = max(keys)
    match next_step(keys):
        case Step.STAGE:
            return {STAGED: new_fernet_key(), **keys}
        case Step.SIGN:
            kept = {number: key for number, key in keys.items() if number != STAGED}
            return {**kept, last + 1: keys[STAGED]}
    return {last: keys[last]}


def due(deployment: Deployment, container: Container) -> list[Turn]:
    """The next step of each keyring of a container.

    KollaError if the step would make invalid what is still valid, or if the last step has not
    reached this host yet.
    """
    state = recorded(deployment, container.name)
    if state.current is None or state.record.target != RUNNING:
        raise KollaError(
            f"{container.name} does not run on this host, so nothing here tells whether its keys"
            " may change", "run this on a host where it runs",
        )
    return [_turn(deployment, container, state, ring) for ring in container.keyrings]


def _turn(deployment: Deployment, container: Container, state: State, ring: Keyring) -> Turn:
    name = container.name
    keys = configured(deployment, ring)
    current = state.generations[state.current or 0]
    if current.secrets.get(ring.option) != _fingerprint(deployment, ring, keys):
        raise KollaError(
            f"{name} does not have today's {bracketed(ring)} yet",
            f"`kolla container upgrade {name}` on every host, then this again",
        )
    step = next_step(keys)
    if step is Step.DROP:
        _require_idle(deployment, container, state, ring, current)
    return Turn(ring, step, turned(keys))


def _require_idle(
    deployment: Deployment, container: Container, state: State, ring: Keyring, current: Generation
) -> None:
    """KollaError while what the earlier keys have signed or encrypted is still needed."""
    name = container.name
    if not current.confirmed:
        raise KollaError(
            f"{name} still needs the earlier keys of {bracketed(ring)}: generation"
            f" {current.number} is not confirmed",
            f"`kolla container confirm {name}` on every host, then this again",
        )
    kept = int(deployment.settings.render(ring.kept))
    free = datetime.fromisoformat(_signing_since(state, ring, current)) + timedelta(seconds=kept)
    if free > datetime.fromisoformat(now()):
        raise KollaError(
            f"what the earlier keys of {bracketed(ring)} have signed is valid until"
            f" {free.isoformat(timespec='seconds')}",
            "run this again then, when nothing needs those keys any more",
        )


def _signing_since(state: State, ring: Keyring, current: Generation) -> str:
    """When this host began to sign with today's key, as ISO 8601."""
    since = current.committed or now()
    key = signing(numbered.parsed(current.secrets[ring.option]))
    for number in reversed(state.committed_before):
        generation = state.generations[number]
        known = generation.secrets.get(ring.option)
        if known is None or signing(numbered.parsed(known)) != key:
            break
        since = generation.committed or since
    return since


def _fingerprint(deployment: Deployment, ring: Keyring, keys: Mapping[int, str]) -> str:
    return numbered.joined(deployment.fingerprints.of_keys(ring.option, keys))

"""Numbered keys: taking over those of an earlier kolla, and refusing to lose those in use."""

import re
from collections.abc import Iterator, Mapping

from kolla.backends.instances import engine_name
from kolla.deployment import Deployment
from kolla.errors import KollaError
from kolla.plans.observe import recorded
from kolla.plans.plan import State
from kolla.plugin import BackendError, Container, numbered
from kolla.plugin.declarations.keyring import Keyring
from kolla.plugin.numbered import STAGED, signing
from kolla.plugin.spec import Spec
from kolla.settings import passwords
from kolla.settings.option_values import split
from kolla.store.records import ABSENT

#: Seconds that reading the keys in a volume may take.
PATIENCE = 30
#: What grep shows of a key: its number and itself.
_KEY_FILE = re.compile(r"/(\d+:[\w=-]+)$", re.MULTILINE)


def configured(deployment: Deployment, ring: Keyring) -> dict[int, str]:
    """By number: today's keys. KollaError if they are set where kolla cannot change them."""
    settings, (group, option) = deployment.settings, split(ring.option)
    place, origin = str(passwords.path_in(settings.config_dir)), settings.origin(group, option)
    if origin and origin.source != place:
        raise KollaError(
            f"{origin}: {bracketed(ring)} is set there, and kolla changes {place} only",
            "move the line to that file",
        )
    return numbered.parsed(settings.reveal("${%s}" % ring.option))


def require_known(
    deployment: Deployment, container: Container, state: State, spec: Spec
) -> None:
    """KollaError if a new generation of ``spec`` would not know the key that signs now."""
    current = state.generations.get(state.current or 0)
    if current is None or state.record.target == ABSENT:
        return
    for ring in container.keyrings:
        has, will_have = (ring.path in {file.path for file in snapshot.files}
                          for snapshot in (current.snapshot, spec))
        if not has and not will_have:
            continue
        before = _marks(deployment, container, state, ring, current.secrets.get(ring.option))
        after = _marks(deployment, container, state, ring,
                       deployment.fingerprints.of(spec).get(ring.option))
        needed = {signing(before)} if has else {
            mark for number, mark in before.items() if number != STAGED
        }
        if not needed <= {*after.values()}:
            raise _strangers(container, ring, will_have)


def _strangers(container: Container, ring: Keyring, will_have: bool) -> KollaError:
    name = container.name
    if not will_have:
        return KollaError(
            f"generations of {name} from before {bracketed(ring)} do not know the key that signs"
            " now: all that it has signed would be invalid",
            f"`kolla container history {name}` shows later ones, which do",
        )
    return KollaError(
        f"{bracketed(ring)} lacks keys with which {name} signs on this host: all that they have"
        " signed would be invalid",
        f"`kolla config passwords` takes over what {name} keeps in its volume; `kolla config"
        f" rotate {name}` changes keys one by one; to make all of it invalid, `kolla container"
        f" delete {name}`, then start it",
    )


def _marks(
    deployment: Deployment, container: Container, state: State, ring: Keyring, known: str | None
) -> dict[int, str]:
    """By number: the fingerprints of its keys, as ``known`` or else of those in the volume."""
    if known is not None:
        return numbered.parsed(known)
    keys = _in_volume(deployment, container, state, ring)
    return deployment.fingerprints.of_keys(ring.option, keys)


def to_take_over(deployment: Deployment) -> Iterator[tuple[Keyring, dict[int, str]]]:
    """Keyrings whose secret lacks keys that a container of this host has made by itself.

    Each comes with all the keys that its secret should have, by number. KollaError if the keys
    of the container cannot be read.
    """
    for container in deployment.settings.enabled():
        state = recorded(deployment, container.name)
        current = state.generations.get(state.current or 0)
        if current is None or state.record.erase:
            continue
        paths = {file.path for file in current.snapshot.files}
        for ring in container.keyrings:
            if ring.formerly and ring.path not in paths:
                theirs = _in_volume(deployment, container, state, ring)
                ours = _present(deployment, ring)
                merged = _merged(ours, theirs) if ours else theirs
                if merged != ours:
                    yield ring, merged


def _present(deployment: Deployment, ring: Keyring) -> dict[int, str]:
    is_set = deployment.settings.value(*split(ring.option))
    return configured(deployment, ring) if is_set else {}


def _merged(ours: Mapping[int, str], theirs: Mapping[int, str]) -> dict[int, str]:
    """Our keys, and with lower numbers, so that they only verify, those of theirs that we lack."""
    lacking = [key for number, key in theirs.items()
               if number != STAGED and key not in ours.values()]
    shifted = {number + len(lacking) if number != STAGED else STAGED: key
               for number, key in ours.items()}
    return shifted | dict(enumerate(lacking, 1)) if lacking else dict(ours)


def _in_volume(
    deployment: Deployment, container: Container, state: State, ring: Keyring
) -> dict[int, str]:
    """By number: the keys that the container made itself, as an earlier plugin had it."""
    name, number = container.name, state.current or 0
    backend = deployment.backend_of(state.spec(number).backend)
    try:
        done = backend.execute(
            engine_name(name, number), ("grep", "-rs", "", ring.formerly), PATIENCE
        )
        return numbered.parsed(",".join(_KEY_FILE.findall(done.output)))
    except (BackendError, ValueError) as error:
        why = error.message if isinstance(error, BackendError) else "there are none"
        raise KollaError(
            f"the keys of {name} in {ring.formerly}, in its volume, cannot be read, and without"
            f" them all that it has signed would be invalid: {why}",
            f"write them as NUMBER:KEY,NUMBER:KEY into {bracketed(ring)} yourself, or give them"
            f" up: `kolla container delete {name} --data`" if state.record.target == ABSENT
            else f"`kolla container start {name}`, then this again",
        ) from None


def bracketed(ring: Keyring) -> str:
    """The option as messages name it."""
    return "[{}] {}".format(*split(ring.option))

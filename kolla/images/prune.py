"""Finds and removes images that nothing needs any more."""

import dataclasses
from collections.abc import Callable, Iterable

from kolla.catalog.naming import LOCK, reference, root_reference, trials
from kolla.deployment import Deployment
from kolla.errors import KollaError
from kolla.images import graph
from kolla.plugin.backend import Backend
from kolla.plugin.reports import ImageFacts


@dataclasses.dataclass(frozen=True)
class Removal:
    """An image to remove."""

    #: Empty if it has no tag.
    tag: str
    image_id: str
    #: Bytes, including layers that it shares with others.
    size: int
    reason: str


def plan(deployment: Deployment) -> list[Removal]:
    """The images to remove: all but those of the configured release, pins and generations."""
    deployment.settings.require_correct()  # with a misspelt option all images could look unneeded
    namespace = deployment.settings.value("images", "namespace")
    return unneeded(
        deployment.backend.images(), namespace, _wanted(deployment, namespace),
        _generations(deployment),
    )


def remove(
    deployment: Deployment, removals: Iterable[Removal], tell: Callable[[str], None]
) -> dict[Removal, str]:
    """Remove images that are still unneeded; the outcome of each is ``removed`` or ``failed``.

    It waits for builds to end, and says so: a build has images without a name for a while.
    """
    with deployment.locks.hold(LOCK, "image prune", tell):
        still = set(plan(deployment))
        return {
            removal: _remove(deployment.backend, removal)
            for removal in removals if removal in still
        }


def _remove(backend: Backend, removal: Removal) -> str:
    try:
        backend.untag(removal.tag or removal.image_id)
    except KollaError as error:
        return f"failed: {error.message}"
    return "removed"


def unneeded(
    images: Iterable[ImageFacts], namespace: str, wanted: set[str], generations: set[str]
) -> list[Removal]:
    """The images of this namespace, of killed builds, and without a name, that nothing keeps.

    ``wanted`` are tags or ids, ``generations`` ids. The name that kolla gives to the image of
    a generation (``<namespace>-generation/…``) protects the image under all its names.
    """
    images = list(images)
    kept = f"{namespace}-generation/"
    protected = generations | wanted
    protected |= {facts.id for facts in images if facts.reference.startswith(kept)}
    removals = []
    for facts in images:
        if {facts.reference, facts.id} & protected:
            continue
        if facts.reference.startswith("<none>"):
            removals.append(Removal("", facts.id, facts.size, "replaced by a later build"))
        elif facts.reference.startswith(trials(namespace)):
            why = "left by a build that was killed"
            removals.append(Removal(facts.reference, facts.id, facts.size, why))
        elif facts.reference.startswith(f"{namespace}/"):
            removals.append(Removal(facts.reference, facts.id, facts.size, "not needed here"))
    return removals


def _wanted(deployment: Deployment, namespace: str) -> set[str]:
    catalog = deployment.installed
    release = deployment.settings.value("DEFAULT", "release")
    wanted = {root_reference(namespace, name) for name in graph.roots(catalog.images.values())}
    wanted |= {reference(image, release, namespace) for image in catalog.images.values()}
    for record in deployment.store.containers():
        if record.image_pin:
            wanted.add(record.image_pin)
        if record.release_pin and record.name in catalog.containers:
            names = [catalog.containers[record.name].image.name]
            for image in graph.with_bases(catalog.images, names):
                wanted.add(reference(image, record.release_pin, namespace))
    return wanted


def _generations(deployment: Deployment) -> set[str]:
    current = {(record.name, record.current) for record in deployment.store.containers()}
    return {
        generation.snapshot.image_id for generation in deployment.store.generations()
        if generation.kept or (generation.container, generation.number) in current
    }

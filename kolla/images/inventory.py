"""Lists images, and compares them with what a build would make now."""

import dataclasses

from kolla.catalog.naming import ROOT, is_root, reference, root_reference, suite, tag
from kolla.deployment import Deployment
from kolla.images import builder, graph, inputs, root
from kolla.plugin import Image
from kolla.plugin.reports import ImageFacts
from kolla.settings import pulled

BUILT, OUTDATED, MISSING, LEFT_OVER = "built", "outdated", "missing", "left over"


@dataclasses.dataclass(frozen=True)
class Entry:
    """An image under one of its tags."""

    name: str
    release: str
    state: str
    #: None if it is missing.
    facts: ImageFacts | None
    #: The containers whose current generation runs it.
    used_by: tuple[str, ...] = ()


class Inventory:
    """The images of all plugins, as the engine has them."""

    def __init__(self, deployment: Deployment):
        value, self._settings = deployment.settings.value, deployment.settings
        self._namespace, self._release = value("images", "namespace"), value("DEFAULT", "release")
        self._base_images = root.base_images(deployment.settings)
        self._catalog = deployment.installed
        self._images = deployment.installed.images
        self._present = {facts.reference: facts for facts in deployment.backend.images()}
        self._roots = {
            name: deployment.backend.image(root_reference(self._namespace, name))
            for name in graph.roots(self._images.values())
        }
        self._users = users(deployment)

    def entries(self) -> list[Entry]:
        """All images of the configured release, and built ones of others; parents first."""
        found = [self._entry(ROOT, suite(name), self._root_state(name), facts)
                 for name, facts in self._roots.items()]
        for image in graph.with_bases(self._images, self._images):
            for release in sorted({tag(image, self._release), *self._tags(image)}):
                facts = self._present.get(reference(image, release, self._namespace))
                found.append(self._entry(image.name, release, self.state(image, release), facts))
        return found + self._left_over()

    def _left_over(self) -> list[Entry]:
        """Images that no installed plugin declares; `kolla image prune` may remove them."""
        found = []
        for name, facts in sorted(self._present.items()):
            namespace, _, rest = name.rpartition("/")
            image, _, release = rest.partition(":")
            if namespace == self._namespace and image not in {*self._images, ROOT}:
                found.append(self._entry(image, release, LEFT_OVER, facts))
        return found

    def state(self, image: Image, release: str) -> str:
        """Whether a build of this release would remake the image."""
        facts = self._present.get(reference(image, release, self._namespace))
        if facts is None:
            return MISSING
        bases = []
        for name in graph.bases(image):
            state, base = self._base(name, release)
            if state != BUILT or base is None:
                return OUTDATED
            bases.append(base.id)
        arguments = builder.arguments_of(image, self._catalog, release, self._namespace)
        if image.reference and not pulled.is_named(self._settings, image):
            return OUTDATED
        digest = inputs.of_image(image, self._settings, arguments, *bases)
        return BUILT if facts.labels.get(inputs.LABEL) == digest else OUTDATED

    def _base(self, name: str, release: str) -> tuple[str, ImageFacts | None]:
        if is_root(name):
            return self._root_state(name), self._roots[name]
        above = self._images[name]
        facts = self._present.get(reference(above, release, self._namespace))
        return self.state(above, release), facts

    def _root_state(self, name: str) -> str:
        facts, base = self._roots[name], self._base_images.get(suite(name), "")
        if facts is None:
            return MISSING
        return BUILT if root.is_current(facts, suite(name), base) else OUTDATED

    def _tags(self, image: Image) -> list[str]:
        prefix = f"{self._namespace}/{image.name}:"
        tags = [name.removeprefix(prefix) for name in self._present if name.startswith(prefix)]
        return tags if image.per_release else []

    def _entry(self, name: str, release: str, state: str, facts: ImageFacts | None) -> Entry:
        return Entry(name, release, state, facts, self._users.get(facts.id, ()) if facts else ())


def users(deployment: Deployment) -> dict[str, tuple[str, ...]]:
    """The containers whose current generation runs an image, by its id."""
    current = {record.name: record.current for record in deployment.store.containers()}
    found: dict[str, tuple[str, ...]] = {}
    for generation in deployment.store.generations():
        if current.get(generation.container) == generation.number:
            image = generation.snapshot.image_id
            found[image] = (*found.get(image, ()), generation.container)
    return found

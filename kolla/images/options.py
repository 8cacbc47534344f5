"""The list of a service's options that its image carries."""

import json
import pathlib

from kolla.catalog import naming
from kolla.deployment import Deployment
from kolla.files import write_whole
from kolla.plugin import Container
from kolla.store.state_dir import StateDir

#: Where it lies in an image.
OPTION_LIST = "/usr/share/kolla/options.json"


def known_options(deployment: Deployment, container: Container) -> dict | None:
    """The options of the service in the image it would run now; None if that is not built."""
    pin, settings = deployment.store.container(container.name), deployment.settings
    release = pin.release_pin or settings.value("DEFAULT", "release")
    name = naming.reference(container.image, release, settings.value("images", "namespace"))
    facts = deployment.backend.image(pin.image_pin or name)
    return None if facts is None else options_of(deployment, facts.id, container)


def options_of(deployment: Deployment, image_id: str, container: Container) -> dict:
    """The options in a container's image, kept in the state directory once they were read."""
    known = options_read(deployment, image_id)
    if known is not None:
        return known
    content = deployment.backend.read_file(image_id, OPTION_LIST, container.name) or b"{}"
    write_whole(_place(deployment, image_id), content)
    return json.loads(content)


def options_read(deployment: Deployment, image_id: str) -> dict | None:
    """The options in an image if they were read before; the engine is not asked."""
    cached = _place(deployment, image_id)
    return json.loads(cached.read_text()) if cached.exists() else None


def _place(deployment: Deployment, image_id: str) -> pathlib.Path:
    folder = StateDir(deployment.state_dir).options
    return folder / f"{image_id.removeprefix('sha256:')}.json"

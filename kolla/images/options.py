"""The list of a service's options that its image carries."""

import json
from collections.abc import Mapping

from kolla.catalog import naming
from kolla.deployment import Deployment
from kolla.plugin import Container

#: Where it lies in an image.
OPTION_LIST = "/usr/share/kolla/options.json"


def known_options(deployment: Deployment, container: Container) -> Mapping | None:
    """The options of the service in the image it would run now; None if that is not built."""
    pin, settings = deployment.store.container(container.name), deployment.settings
    release = pin.release_pin or settings.value("DEFAULT", "release")
    name = naming.reference(container.image, release, settings.value("images", "namespace"))
    facts = deployment.backend.image(pin.image_pin or name)
    return None if facts is None else options_of(deployment, facts.id, container)


def options_of(deployment: Deployment, image_id: str, container: Container) -> Mapping:
    """The options in a container's image, kept in the state directory once they were read."""
    known = deployment.settings.option_lists.of_image(image_id)
    if known is not None:
        return known
    content = deployment.backend.read_file(image_id, OPTION_LIST, container.name) or b"{}"
    deployment.settings.option_lists.keep(image_id, container.name, content)
    return json.loads(content)

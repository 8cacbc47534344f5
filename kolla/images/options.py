"""The list of a service's options, which its image carries."""

import json
from collections.abc import Mapping

from kolla.catalog import naming
from kolla.deployment import Deployment
from kolla.errors import KollaError
from kolla.plugin import Container

#: Where the list lies in an image.
OPTION_LIST = "/usr/share/kolla/options.json"


def known_options(deployment: Deployment, container: Container) -> Mapping | None:
    """The options in the image that the service would run now; None if it is not built."""
    pin, settings = deployment.store.container(container.name), deployment.settings
    release = pin.release_pin or settings.value("DEFAULT", "release")
    name = naming.reference(container.image, release, settings.value("images", "namespace"))
    facts = deployment.backend.image(pin.image_pin or name)
    return None if facts is None else options_of(deployment, facts.id, container)


def options_of(deployment: Deployment, image_id: str, container: Container) -> Mapping:
    """The options in a container's image; the state directory caches them."""
    lists = deployment.settings.option_lists
    known = lists.of_image(image_id)
    if known is not None:
        lists.choose(image_id, container.name)
        return known
    content = deployment.backend.read_file(image_id, OPTION_LIST, container.name) or b"{}"
    known = _parsed(content, container)
    lists.keep(image_id, container.name, content)
    return known


def _parsed(content: bytes, container: Container) -> Mapping:
    try:
        known = json.loads(content)
    except ValueError as error:
        raise _broken(container, str(error)) from None
    if not isinstance(known, dict) or not all(isinstance(group, dict) for group in known.values()):
        raise _broken(container, "it should have groups, and options in each")
    return known


def _broken(container: Container, reason: str) -> KollaError:
    return KollaError(
        f"{container.name}: {OPTION_LIST} in its image is no list of options: {reason}",
        "its Dockerfile makes that file; mend it, then `kolla image build`",
    )

"""Images of registries that the containers of this host are to run."""

from collections.abc import Iterator

from kolla.errors import KollaError
from kolla.settings import pulled
from kolla.settings.checks.blame import blame
from kolla.settings.loader import Settings
from kolla.settings.problems import Invalid, Problem


def unpinned(settings: Settings) -> Iterator[Problem]:
    """Images of others that are not named, or not by their digest."""
    for container in settings.enabled():
        if not container.image.reference:
            continue
        try:
            pulled.reference(settings, container.image)
        except Invalid:
            continue  # reported as a wrong value
        except KollaError as error:
            message = f"{error.message}; {error.hint}"
            yield blame(settings, container, container.image.reference, message)

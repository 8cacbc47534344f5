"""Limits that are no numbers, or too low for a container."""

from collections.abc import Iterator

from kolla.errors import KollaError
from kolla.settings.limits import NAMES, limit
from kolla.settings.loader import Settings
from kolla.settings.problems import Invalid, Problem


def too_little_memory(settings: Settings) -> Iterator[Problem]:
    """Problems of the limits of containers on this host."""
    for container in settings.enabled():
        try:
            found = {name: limit(container, settings, name) for name in (*NAMES, "least_memory")}
        except Invalid:
            continue  # reported as a wrong value
        except KollaError as error:
            yield settings.blame_plugin(container, error.message)
            continue
        if 0 < found["memory"] <= found["least_memory"]:
            message = (
                f"{found['memory']} bytes are too little for {container.name}, which needs more"
                f" than {found['least_memory']}"
            )
            yield settings.blame("limits", "memory", message)

"""Enters containers: the command line for a person."""

from kolla.backends.instances import engine_name
from kolla.deployment import Deployment
from kolla.errors import KollaError


def command_line(
    deployment: Deployment, container: str, command: tuple[str, ...], tty: bool
) -> tuple[str, ...]:
    """Runs a command in the current generation. Raises :class:`KollaError` if none runs."""
    number = deployment.store.container(container).current
    if number is None:
        raise KollaError(
            f"{container} has no generation yet", f"`kolla container start {container}`"
        )
    name = engine_name(container, number)
    found = deployment.backend.inspect(name)
    if found is None:
        raise KollaError(
            f"generation {number} of {container} is not on the engine",
            f"`kolla container history {container}` tells what became of it",
        )
    if not found.running:
        raise KollaError(
            f"{container} is not running", f"`kolla container start {container}` first"
        )
    return deployment.backend.shell(name, command, tty)

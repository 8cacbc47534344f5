"""Options that are given on the command line: ``--set GROUP.OPTION=VALUE``."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from kolla.errors import UsageError
from kolla.names import nearest
from kolla.settings import services

if TYPE_CHECKING:
    from kolla.catalog import Catalog


def check_overrides(catalog: "Catalog", overrides: Mapping[str, str]) -> None:
    """UsageError for an option that does not exist; options of services are not looked up."""
    known = {f"{name}.{dest}" for name, opts in catalog.options.items() for dest in opts}
    for key in overrides:
        group, _, option = key.partition(".")
        container, section = services.split(group)
        if not option:
            raise UsageError(f"--set {key}: should be GROUP.OPTION=VALUE")
        if section and container not in catalog.containers:
            raise UsageError(
                f"--set {key}: there is no container {container!r}"
                f"{nearest(container, catalog.containers)}"
            )
        if not section and key not in known:
            raise UsageError(f"--set {key}: there is no such option{nearest(key, known)}")

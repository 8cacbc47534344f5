"""The pins of containers, kept beside the state file so that they survive its loss."""

import json
import pathlib
from collections.abc import Mapping

from kolla.files import write_whole
from kolla.store.records import UNPINNED

#: The columns of a container's record that describe its pin.
COLUMNS = tuple(UNPINNED)


class Pins:
    """A folder with one small file for each container."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder

    def of(self, name: str) -> dict[str, str | None] | None:
        """The pin that was last written; None if there is none, or it cannot be read."""
        try:
            found = json.loads((self.folder / name).read_text())
            return {column: found.get(column, UNPINNED[column]) for column in COLUMNS}
        except (OSError, ValueError, AttributeError):
            return None

    def write(self, name: str, pins: Mapping[str, str | None]) -> None:
        """Record a pin. Raises :class:`kolla.errors.KollaError` if that fails."""
        write_whole(self.folder / name, f"{json.dumps(dict(pins))}\n".encode())

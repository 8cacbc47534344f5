"""The pins of each container, beside the state file: they survive its loss."""

import json
import pathlib
from collections.abc import Mapping

from kolla.files import write_whole
from kolla.store.records import UNPINNED

#: The columns of a container's record that say what it stays with, since when and why.
COLUMNS = tuple(UNPINNED)


class Pins:
    """A folder with one small file for each container."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder

    def of(self, name: str) -> dict[str, str | None] | None:
        """What was last written; None if nothing was, or it cannot be read."""
        try:
            found = json.loads((self.folder / name).read_text())
            return {column: found.get(column, UNPINNED[column]) for column in COLUMNS}
        except (OSError, ValueError, AttributeError):
            return None

    def write(self, name: str, pins: Mapping[str, str | None]) -> None:
        """Raises :class:`kolla.errors.KollaError` if it cannot be written."""
        write_whole(self.folder / name, f"{json.dumps(dict(pins))}\n".encode())

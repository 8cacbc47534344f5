"""A cache of the lists of options that images carry."""

import json
import pathlib
from collections.abc import Mapping

from kolla.files import write_whole


class OptionLists:
    """The lists below ``folder``: one for each image, one for the last image of a container."""

    def __init__(self, folder: pathlib.Path):
        self._folder = folder

    def keep(self, image_id: str, container: str, content: bytes) -> None:
        """Keep the list of an image that a container is to run."""
        for name in (_name(image_id), container):
            write_whole(self._place(name), content)

    def of_image(self, image_id: str) -> Mapping | None:
        """The list of an image; None if it was never kept."""
        return self._read(_name(image_id))

    def of_container(self, container: str) -> Mapping | None:
        """The last list that was kept for a container; None if there is none."""
        return self._read(container)

    def _read(self, name: str) -> Mapping | None:
        """The content of a file; None if there is none, or it is broken."""
        try:
            found = json.loads(self._place(name).read_text())
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) else None

    def _place(self, name: str) -> pathlib.Path:
        return self._folder / f"{name}.json"


def _name(image_id: str) -> str:
    return image_id.removeprefix("sha256:")

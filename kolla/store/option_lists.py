"""A cache of the lists of options that images carry."""

import contextlib
import json
import os
import pathlib
import re
import threading
from collections.abc import Mapping

from kolla.files import write_whole

#: The name of the list of an image.
OF_AN_IMAGE = re.compile(r"[0-9a-f]{64}\.json")


class OptionLists:
    """The lists below ``folder``: one for each image, and a link to that of each container."""

    def __init__(self, folder: pathlib.Path):
        self._folder = folder

    def keep(self, image_id: str, container: str, content: bytes) -> None:
        """Keep the list of an image that a container is to run."""
        write_whole(self._of_image(image_id), content)
        self.choose(image_id, container)

    def choose(self, image_id: str, container: str) -> None:
        """Note that a container is to run an image whose list is kept.

        Lists of images that no container is to run any more go. On a full disk nothing is noted:
        then the list is read from the image again.
        """
        if self.is_chosen(image_id, container):
            return
        draft = self._folder / f".{container}-{os.getpid()}-{threading.get_ident()}"
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
            draft.symlink_to(self._of_image(image_id).name)
            draft.replace(self._of_container(container))
            self._drop()

    def is_chosen(self, image_id: str, container: str) -> bool:
        """Whether the list of this image is kept, as that of the container."""
        place = self._of_container(container)
        with contextlib.suppress(OSError):
            return os.readlink(place) == self._of_image(image_id).name and place.exists()
        return False

    def _drop(self) -> None:
        needed = {os.readlink(path) for path in self._folder.iterdir() if path.is_symlink()}
        for path in self._folder.iterdir():
            if OF_AN_IMAGE.fullmatch(path.name) and path.name not in needed:
                path.unlink(missing_ok=True)

    def of_image(self, image_id: str) -> Mapping | None:
        """The list of an image; None if it was never kept."""
        return _read(self._of_image(image_id))

    def of_container(self, container: str) -> Mapping | None:
        """The last list that was kept for a container; None if there is none."""
        return _read(self._of_container(container))

    def _of_image(self, image_id: str) -> pathlib.Path:
        return self._folder / f"{image_id.removeprefix('sha256:')}.json"

    def _of_container(self, container: str) -> pathlib.Path:
        """A link; with an earlier kolla it was a file."""
        return self._folder / f"{container}.json"


def _read(path: pathlib.Path) -> Mapping | None:
    """The content of a file; None if there is none, or it is broken."""
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None

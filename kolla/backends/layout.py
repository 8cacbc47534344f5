"""Lays out what a container mounts: its own folder, files and keys, and folders of the host."""

import hashlib
import os
import pathlib

from kolla.errors import KollaError
from kolla.files import make_folder, remove_folder, write_whole
from kolla.plugin import File, numbered
from kolla.plugin.backend import Configured
from kolla.plugin.spec import Spec

#: Where a container finds the own folder of its generation.
GENERATION_FOLDER = "/var/lib/kolla/generation"
#: That folder, below the one that holds everything of the generation.
OWN = "own"
#: The file in it that says that the generation has joined.
JOINED = "joined"


class Layout:
    """Writes files below ``state_dir``, with the secrets that their templates refer to."""

    def __init__(self, state_dir: pathlib.Path, settings: Configured):
        self.state_dir, self.settings = state_dir, settings

    def binds(self, spec: Spec, home: pathlib.Path) -> tuple[tuple[str, str, str], ...]:
        """What a container mounts, as (place on the host, place inside, options).

        Its files are written below ``home``. Raises :class:`KollaError` if a secret is missing
        or something cannot be written.
        """
        writable = spec.own_folder == "rw"
        own = self.owned(home / OWN, spec.owner if writable else os.geteuid())
        binds = [(str(own), GENERATION_FOLDER, spec.own_folder)]
        for file in sorted(spec.files, key=lambda file: file.path):
            place = self._put(_place(home, file), file, spec.owner)
            binds.append((str(place), file.path, "ro"))
        mounts = sorted(spec.host_mounts, key=lambda mount: mount.path)
        binds += [(mount.source, mount.path, mount.options) for mount in mounts]
        return tuple(binds)

    def forget_keys(self, spec: Spec, home: pathlib.Path) -> None:
        """Delete the numbered keys of an earlier attempt: today's may be others."""
        for file in spec.files:
            place = _place(home, file)
            if file.numbered and place.exists():
                remove_folder(place)

    def owned(self, folder: pathlib.Path, user: int, mode: int = 0o755) -> pathlib.Path:
        """A folder that belongs to a user; :class:`KollaError` if it cannot be made."""
        try:
            make_folder(folder, user, mode)
        except OSError as error:
            raise KollaError(
                f"{folder} cannot be made for user {user}: {error.strerror}",
                f"kolla has to run as root, with space left below {self.state_dir}",
            ) from None
        return folder

    def _put(self, place: pathlib.Path, file: File, owner: int) -> pathlib.Path:
        if place.exists() and self.settings.is_of_nobody(file.text):
            return place  # what is left over of a plugin keeps what it has
        content = self.settings.reveal(file.text).encode(errors="surrogateescape")
        if not file.numbered:
            write_whole(place, content, file.mode, owner=owner)
            return place
        # Other keys go to another folder: a task may begin while a container of the same
        # generation runs, whose folder must not change.
        place = place / hashlib.sha256(content).hexdigest()[:12]
        self.owned(place, owner, 0o700)
        for number, key in numbered.parsed(content.decode()).items():
            if not (place / str(number)).exists():
                write_whole(place / str(number), key.encode(), file.mode, owner=owner)
        return place


def _place(home: pathlib.Path, file: File) -> pathlib.Path:
    return home / "files" / file.path.lstrip("/")

"""The digest of all inputs of an image.

Site settings (mirror, proxy, certificates) are no inputs: they only decide where the same
content comes from.
"""

import hashlib
import json
import os
import pathlib
import stat
from collections.abc import Mapping

from kolla.errors import KollaError, said
from kolla.plugin import Image
from kolla.settings import Settings, pulled

#: The label that holds the digest.
LABEL = "kolla.inputs"

#: The folder that Python makes beside the modules of an installed plugin.
COMPILED = "**/__pycache__"


def digest(folder: pathlib.Path, arguments: Mapping[str, str], *bases: str) -> str:
    """The digest of a build context (files with modes), build arguments and ids of the bases.

    It ignores compiled Python and whatever ``.dockerignore`` excludes. Raises
    :class:`KollaError` if the folder has no Dockerfile or cannot be read.
    """
    try:
        files = [_entry(folder, path) for path in sorted(_context(folder))]
    except OSError as error:
        raise KollaError(
            f"the build context {folder} cannot be read: {said(error)}",
            "the plugin's Image names this folder; is it installed completely?",
        ) from None
    return of(files, dict(arguments), *bases)


def of_image(image: Image, settings: Settings, arguments: Mapping[str, str], *bases: str) -> str:
    """The digest of an image with a folder, and of one that is pulled, whose name is its only
    input.
    """
    if image.folder:
        return digest(image.folder, arguments, *bases)
    return of("pulled", pulled.reference(settings, image))


def of(*inputs: object) -> str:
    """The digest of values that JSON can hold."""
    return "sha256:" + hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()


def _context(folder: pathlib.Path) -> set[str]:
    from docker.utils import exclude_paths

    (folder / "Dockerfile").stat()
    ignore = folder / ".dockerignore"
    patterns = ignore.read_text().splitlines() if ignore.is_file() else []
    patterns = [COMPILED, *(line for line in patterns if line[:1] not in ("", "#"))]
    return exclude_paths(str(folder), patterns)


def _entry(folder: pathlib.Path, name: str) -> tuple[str, int, str]:
    path = folder / name
    status = path.lstat()
    if stat.S_ISLNK(status.st_mode):
        content = os.readlink(path)
    elif stat.S_ISREG(status.st_mode):
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
    else:
        content = ""
    return name, status.st_mode, content

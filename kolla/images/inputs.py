"""The digest of everything that an image is made from.

Site settings (mirror, proxy, certificates) do not belong to it: they decide where the
same content comes from.
"""

import hashlib
import json
import os
import pathlib
import stat
from collections.abc import Mapping

from kolla.errors import KollaError

#: The label that holds it.
LABEL = "kolla.inputs"

#: What Python leaves beside its modules once a plugin is installed.
COMPILED = "**/__pycache__"


def digest(folder: pathlib.Path, arguments: Mapping[str, str], *bases: str) -> str:
    """Of the files of a build context with their modes, the build arguments and the bases' ids.

    What Python compiles, and what ``.dockerignore`` leaves out, does not count. Raises
    :class:`KollaError` if the folder holds no Dockerfile or cannot be read.
    """
    try:
        files = [_entry(folder, path) for path in sorted(_context(folder))]
    except OSError as error:
        raise KollaError(
            f"the build context {folder} cannot be read: {error}",
            "the plugin's Image names this folder; is it installed completely?",
        ) from None
    return of(files, dict(arguments), *bases)


def of(*inputs: object) -> str:
    """Of values that JSON can hold."""
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

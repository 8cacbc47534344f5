"""Folders as a container could leave them behind."""

import os
import pathlib


def nest(folder: pathlib.Path, levels: int) -> None:
    """Folders within each other, deeper than any path may be long."""
    handle = os.open(folder, os.O_DIRECTORY)
    for _ in range(levels):
        os.mkdir("d", dir_fd=handle)
        inner = os.open("d", os.O_DIRECTORY, dir_fd=handle)
        os.close(handle)
        handle = inner
    os.close(handle)

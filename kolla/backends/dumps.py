"""Dumps of databases, which tasks make and root keeps where no container reaches them."""

import logging
import os
import pathlib
import re
import stat

from kolla.files import sync

LOG = logging.getLogger(__name__)

#: What the name of a dump may look like.
NAME = re.compile(r"\w[\w.-]*", re.ASCII)
#: The end of the name of a dump that is still being written.
PARTIAL = ".partial"


class Dumps:
    """The dumps below ``folder``, in one folder for each project: of each the newest ``kept``."""

    def __init__(self, folder: pathlib.Path, kept: int):
        self.folder, self.kept = folder, kept

    def take_in(self, inboxes: pathlib.Path) -> None:
        """Move the dumps out of the folders in ``inboxes``, each named like a project.

        A task that has ended could write anything there, so nothing is followed or trusted: only
        plain files with one name are moved. What cannot be moved stays, and the log says so.
        """
        for inbox in inboxes.iterdir() if inboxes.exists() else ():
            try:
                source = os.open(inbox, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
                try:
                    self._move(inbox.name, source)
                finally:
                    os.close(source)
            except OSError as error:
                LOG.warning("the dumps in %s stay there: %s", inbox, error.strerror)

    def _move(self, project: str, source: int) -> None:
        names = [name for name in os.listdir(source) if _is_dump(source, name)]
        if not names:
            return
        folder = self.folder / project
        folder.mkdir(parents=True, exist_ok=True)
        os.chown(folder, 0, 0)  # earlier versions of kolla gave it to the service
        folder.chmod(0o700)
        for name in names:
            if (folder / name).exists():
                LOG.warning("the dump %s stays behind: there is one of that name", name)
                continue
            os.rename(name, folder / name, src_dir_fd=source)
            os.chown(folder / name, 0, 0)
            (folder / name).chmod(0o600)
            os.utime(folder / name)  # dumps are pruned by age, which a task must not choose
        sync(folder)
        self._prune(folder)

    def _prune(self, folder: pathlib.Path) -> None:
        found = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime)
        for path in found[:-self.kept]:
            path.unlink()


def _is_dump(folder: int, name: str) -> bool:
    if not NAME.fullmatch(name) or name.endswith(PARTIAL):
        return False
    found = os.stat(name, dir_fd=folder, follow_symlinks=False)
    return stat.S_ISREG(found.st_mode) and found.st_nlink == 1

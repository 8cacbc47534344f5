"""Where everything lies that kolla keeps on a host; nobody else may look into it."""

import logging
import os
import pathlib
import pwd

from kolla.errors import KollaError

LOG = logging.getLogger(__name__)


class StateDir:
    """Names every entry of the state directory; makes none of them."""

    def __init__(self, path: pathlib.Path):
        #: What is recorded of containers, generations and events.
        self.database = path / "kolla.sqlite"
        #: The highest number ever given to each container; outlives the database.
        self.numbers = path / "numbers"
        #: What each container stays with; outlives the database.
        self.pins = path / "pins"
        #: Daily copies of the database.
        self.copies = path / "copies"
        #: The last configuration that was valid, without secrets.
        self.last_valid = path / "last-valid.conf"
        #: One lock for each container, and one for the images.
        self.locks = path / "locks"
        #: Held by the monitor of this deployment.
        self.monitor_lock = path / "monitor.lock"
        #: The key of the fingerprints of secrets.
        self.fingerprint_key = path / "fingerprint.key"
        #: The lists of options that images carry, once read.
        self.options = path / "options"
        #: What the containers of generations have mounted: files, and a writable folder.
        self.generations = path / "generations"
        #: Copies of data from before a change of its schema, by container.
        self.dumps = path / "dumps"
        #: The logs of generations whose container is gone.
        self.archive = path / "archive"
        #: The logs of builds of images.
        self.build_logs = path / "logs" / "build"
        #: The compose project, if that backend is in use.
        self.compose = path / "compose"

    def generation(self, container: str, number: int | str) -> pathlib.Path:
        """The folder of one generation; it goes when that goes."""
        return self.generations / container / str(number)


def require_private(path: pathlib.Path) -> pathlib.Path:
    """The path, once it is so.

    A mode that lets others in is changed, with a warning: they could hold kolla's locks and
    list its dumps. Raises :class:`KollaError` if the directory is another user's, who could
    replace whatever kolla trusts. One that is not there yet is made with the right mode.
    """
    try:
        found = path.stat()
    except OSError:
        return path
    ours = os.geteuid()
    if ours == 0 and found.st_uid != 0:
        raise KollaError(
            f"the state directory {path} belongs to {_name(found.st_uid)}, who could replace"
            " everything in it",
            f"chown root:root {path}, if nothing in it is strange; or name another [DEFAULT]"
            " state_dir",
        )
    if found.st_uid == ours and found.st_mode & 0o077:
        _close(path, found.st_mode & 0o777)
    return path


def _close(path: pathlib.Path, mode: int) -> None:
    try:
        path.chmod(0o700)
    except OSError as error:
        LOG.warning("other users may look into %s (mode %o), which cannot be changed: %s",
                    path, mode, error.strerror)
    else:
        LOG.warning("other users could look into %s (mode %o): it has mode 700 now", path, mode)


def _name(user: int) -> str:
    try:
        return f"the user {pwd.getpwuid(user).pw_name}"
    except KeyError:
        return f"the user {user}"

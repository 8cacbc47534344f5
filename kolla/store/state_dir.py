"""The layout of the state directory; only its owner may enter it."""

import logging
import os
import pathlib
import pwd

from kolla.errors import KollaError

LOG = logging.getLogger(__name__)


class StateDir:
    """Names every entry of the state directory, and makes none."""

    def __init__(self, path: pathlib.Path):
        #: The records of containers, generations and events.
        self.database = path / "kolla.sqlite"
        #: The highest number ever given to each container; survives a loss of the database.
        self.numbers = path / "numbers"
        #: The pin of each container; survives a loss of the database.
        self.pins = path / "pins"
        #: Daily copies of the database.
        self.copies = path / "copies"
        #: The last configuration that was valid, without secrets.
        self.last_valid = path / "last-valid.conf"
        #: The name of the folder with the copy for readers, while there is one.
        self.published = path / "published"
        #: One lock for each container, one for the images, and one for the making of the key.
        self.locks = path / "locks"
        #: Held by the monitor of this deployment.
        self.monitor_lock = path / "monitor.lock"
        #: The key of the fingerprints of secrets.
        self.fingerprint_key = path / "fingerprint.key"
        #: A cache of the lists of options that images carry.
        self.options = path / "options"
        #: The files and the writable folder that each generation mounts.
        self.generations = path / "generations"
        #: Dumps of data from before a change of its schema, by container.
        self.dumps = path / "dumps"
        #: The archived logs of generations whose container is gone.
        self.archive = path / "archive"
        #: The logs of builds of images.
        self.build_logs = path / "logs" / "build"
        #: The compose project of the compose backend.
        self.compose = path / "compose"

    def generation(self, container: str, number: int | str) -> pathlib.Path:
        """The folder of one generation, deleted with it."""
        return self.generations / container / str(number)


def require_private(path: pathlib.Path) -> pathlib.Path:
    """The path of a state directory that only its owner may enter.

    If others may enter it, they could hold kolla's locks and list its dumps: its mode is
    changed, with a warning. Raises :class:`KollaError` if it belongs to another user, who
    could replace what kolla trusts. A missing directory gets the right mode when it is made.
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

"""The state directory belongs to whoever runs kolla, and nobody else may look into it."""

import logging
import os
import pathlib
import pwd

from kolla.errors import KollaError

LOG = logging.getLogger(__name__)


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

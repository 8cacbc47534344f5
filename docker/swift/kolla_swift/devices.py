"""The devices of this host: folders below /srv/node in which objects lie."""

import errno
import hashlib
import os
import pathlib

from kolla_image.environment import get, require

FOLDER = pathlib.Path("/srv/node")
#: A file on a device: by which rule the objects on it were given their names and places.
MARK = "kolla-swift"


def names() -> list[str]:
    listed = (get("KOLLA_DEVICES") or "").split(",")
    return [name for device in listed if (name := device.partition(":")[0].strip())]


def rule() -> str:
    """What must never change, without telling it: with another, no object would be found."""
    text = f"{require('KOLLA_HASH_PATH_SUFFIX')}/{require('KOLLA_PART_POWER')}"
    return hashlib.blake2b(text.encode(), person=b"kolla-swift").hexdigest()


def usable(name: str) -> bool:
    """Whether it is there, and a disk where it should be one."""
    device = FOLDER / name
    return device.is_mount() if get("KOLLA_MOUNTED") == "true" else device.is_dir()


def trouble(name: str) -> str:
    """Why a device is of no use, and what to do; empty if it is of use."""
    device, place = FOLDER / name, f"{require('KOLLA_FOLDER')}/{name}"
    try:
        return _trouble(name, device, place)
    except PermissionError:
        return f"Swift may not enter {place}: `chown {owner()}` it and the folder above it"
    except OSError as error:
        return (f"{place} returns errors ({error.strerror}): replace the disk, and mount an empty "
                "one there")


def _trouble(name: str, device: pathlib.Path, place: str) -> str:
    if not device.is_dir():
        return f"there is no folder {place}: make it, mount a disk there, and `chown {owner()}` it"
    if not usable(name):
        return f"no disk is mounted on {place}; [swift] mounted = false takes mere folders"
    os.listdir(device)
    if os.statvfs(device).f_flag & os.ST_RDONLY:
        return (f"{place} is mounted read-only, as after errors: see the kernel's log, and mount "
                "it again or replace the disk")
    if not os.access(device, os.W_OK):
        return f"Swift may not write to {place}: `chown {owner()} {place}`"
    if not attributes(device):
        return f"the file system of {place} keeps no attributes of users, as XFS and ext4 do"
    mark = device / MARK
    if mark.exists() and mark.read_text().strip() != rule():
        return (f"{place} holds objects of another [swift] hash_path_suffix or part_power: set "
                "those again, or no object is found any more")
    return ""


def owner() -> str:
    return f"{os.getuid()}:{os.getgid()}"


def attributes(device: pathlib.Path) -> bool:
    """Whether files can have attributes, in which Swift keeps all that it knows of an object."""
    try:
        os.getxattr(device, "user.kolla")
    except OSError as error:
        if error.errno not in (errno.ENODATA, errno.ENOTSUP):
            raise
        return error.errno == errno.ENODATA
    return True


def mark() -> None:
    """Write the mark on each device that has none yet."""
    for name in filter(usable, names()):
        path = FOLDER / name / MARK
        if not path.exists():
            path.write_text(f"{rule()}\n")

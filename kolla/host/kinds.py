"""Each kind of thing that a container may need of its host: is it there, and how to make it."""

import dataclasses
import os
import pathlib
import platform
import re
import socket
import stat
import subprocess
from collections.abc import Callable

from kolla.errors import KollaError
from kolla.files import make_folder, write_whole

PROC, MODULES = pathlib.Path("/proc"), pathlib.Path("/sys/module")
#: Where the kernel lists the modules that are built into it.
BUILT_IN = pathlib.Path("/lib/modules") / platform.release() / "modules.builtin"
#: Seconds that a program may take.
PATIENCE = 60


@dataclasses.dataclass(frozen=True)
class Kind:
    """One kind of need."""

    #: Why the host does not have it; empty if it does.
    lack: Callable[[str], str]
    #: Makes it for the user of a number; None where only an operator can. Raises
    #: :class:`KollaError` or :class:`OSError`.
    make: Callable[[str, int], None] | None = None
    #: What an operator can do.
    advice: str = "`kolla host prepare` makes it"
    #: What only an operator can do about one of that value; empty: see ``make``.
    by_hand: Callable[[str], str] = lambda value: ""

    def to_do(self, value: str) -> str:
        """What an operator can do about one that is missing."""
        return self.by_hand(value) or self.advice


def host_path(path: str) -> str:
    """Where a path of the host is found: a unit of systemd that runs kolla may have a ``/dev``
    and a ``/tmp`` of its own.
    """
    root = PROC / "1" / "root"
    return f"{root}{path}" if os.access(root, os.X_OK) else path


def _module(name: str) -> str:
    if (MODULES / name.replace("-", "_")).is_dir():
        return ""
    try:
        built_in = {pathlib.PurePath(line).name for line in BUILT_IN.read_text().splitlines()}
    except OSError:
        built_in = set()
    spellings = {f"{name.replace('-', '_')}.ko", f"{name.replace('_', '-')}.ko"}
    return "" if spellings & built_in else "is not loaded"


def _load(name: str, user: int) -> None:
    _run("modprobe", "--", name)


def _sysctl(setting: str) -> str:
    name, _, wanted = setting.partition("=")
    try:
        found = _switch(name).read_text().split()
    except OSError:
        return "is not known to this kernel"
    return "" if found == wanted.split() else f"is {' '.join(found)}"


def _set(setting: str, user: int) -> None:
    name, _, wanted = setting.partition("=")
    _switch(name).write_text(wanted)


def _switch(name: str) -> pathlib.Path:
    """The file of a sysctl. In a name with slashes, dots belong to the name of an interface."""
    return PROC / "sys" / (name if "/" in name else name.replace(".", "/"))


def _shared(path: str) -> str:
    return _passes_on(path, "shared:")


def _slave(path: str) -> str:
    return _passes_on(path, "shared:", "master:")


def _passes_on(path: str, *words: str) -> str:
    if not os.path.exists(host_path(path)):
        return "does not exist"
    _, options = _mount_of(path)
    passes = any(option.startswith(words) for option in options)
    return "" if passes else "is on a mount that is private"


def _share_by_hand(path: str) -> str:
    """The command that shares a folder that exists: kolla changes no mount that others use."""
    if not _slave(path) or not os.path.exists(host_path(path)):
        return ""
    return f"`mount --make-shared {_mount_of(path)[0]}`, before the engine starts"


def _mount_of(path: str) -> tuple[str, list[str]]:
    """The mount that a path of the host is on, and its propagation in the words of the kernel."""
    path, found = os.path.realpath(path), {"/": list[str]()}
    for line in _mounts().splitlines():
        fields = line.split()
        found[_unescaped(fields[4])] = fields[6:fields.index("-")]
    above = [path, *map(str, pathlib.PurePath(path).parents)]
    return next((place, found[place]) for place in above if place in found)


def _mounts() -> str:
    """The table of mounts as the host sees them, see :func:`host_path`."""
    try:
        return (PROC / "1" / "mountinfo").read_text()
    except OSError:
        return (PROC / "self" / "mountinfo").read_text()


def _unescaped(path: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), path)


def _share(path: str, user: int) -> None:
    os.makedirs(path, exist_ok=True)
    if not os.path.ismount(path):
        _run("mount", "--bind", "--", path, path)
    _run("mount", "--make-shared", "--", path)


def _folder(path: str) -> str:
    return "" if os.path.isdir(host_path(path)) else "does not exist"


def _make_folder(path: str, user: int) -> None:
    make_folder(pathlib.Path(path), user)


def _file(path: str) -> str:
    return "" if os.path.isfile(host_path(path)) else "does not exist"


def _make_file(path: str, user: int) -> None:
    if os.path.lexists(path):
        raise KollaError(f"{path} is there, and is no file")
    write_whole(pathlib.Path(path), b"", 0o644, owner=user)


def _path(path: str) -> str:
    return "" if os.path.exists(host_path(path)) else "does not exist"


def _device(path: str) -> str:
    try:
        mode = os.stat(host_path(path)).st_mode
    except OSError:
        return "does not exist"
    return "" if stat.S_ISCHR(mode) or stat.S_ISBLK(mode) else "is no device"


def _interface(name: str) -> str:
    known = [interface for _, interface in socket.if_nameindex()]
    return "" if name in known else f"does not exist, only {', '.join(known)}"


def _run(*command: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise KollaError(f"{command[0]} does not run: {error}") from None
    if done.returncode:
        said = done.stderr.strip() or f"exit code {done.returncode}"
        raise KollaError(f"{command[0]}: {said}")


#: What a plugin can declare, and what follows from what it mounts.
KINDS = {
    "module": Kind(_module, _load, "`kolla host prepare` loads it, where the kernel has it"),
    "sysctl": Kind(_sysctl, _set, "`kolla host prepare` sets it"),
    "shared-mount": Kind(_shared, _share, "`kolla host prepare` makes it a shared mount"),
    "folder": Kind(_folder, _make_folder),
    "file": Kind(_file, _make_file),
    "device": Kind(_device, advice="load its driver, or enable it"),
    "interface": Kind(_interface, advice="make it, or name another one"),
    "path": Kind(_path, advice="make it, or install what it belongs to"),
    "slave-mount": Kind(_slave, _make_folder, by_hand=_share_by_hand),
}

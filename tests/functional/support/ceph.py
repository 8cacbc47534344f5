"""A Ceph of one monitor and one file: the plugin tests/functional/ceph, in a deployment."""

import base64
import contextlib
import os
import pathlib
import struct
from collections.abc import Iterator

from tests.functional.support.harness import Deployment

PLUGIN = pathlib.Path(__file__).parents[1] / "ceph"
IMAGE = "ceph-trial"
POOL, FAST = "volumes", "fast"
CONFIGURATION = """\
[ceph]
configuration = {folder}/ceph.conf
keyring = {folder}/ceph.keyring

[trial]
key = {key}
"""


@contextlib.contextmanager
def ceph(deployment: Deployment) -> Iterator[None]:
    """It runs, and ``[ceph]`` names it, while the block does. Its image is there already."""
    key, folder = new_key(), deployment.config_dir
    deployment.install_plugin(PLUGIN)
    try:
        (folder / "ceph.conf").write_text(f"[global]\nmon_host = v1:{deployment.address}:6789\n")
        (folder / "ceph.keyring").touch(mode=0o600)
        (folder / "ceph.keyring").write_text(f"[client.cinder]\nkey = {key}\n")
        deployment.configure(CONFIGURATION.format(folder=folder, key=key), "25-ceph").chmod(0o600)
        deployment.kolla("config", "passwords")
        deployment.kolla("config", "certificates")
        deployment.kolla("container", "start", "ceph-trial", timeout=900)
        yield
        deployment.kolla("container", "delete", "ceph-trial", "--data", "--yes", expect=None)
    finally:
        (folder / "kolla.conf.d" / "25-ceph.conf").unlink(missing_ok=True)
        deployment.remove_plugin(PLUGIN)


def new_key() -> str:
    """A key as Ceph makes them: its kind, when it was made, its length, and 16 bytes."""
    return base64.b64encode(struct.pack("<hiih", 1, 0, 0, 16) + os.urandom(16)).decode()


def checksum(deployment: Deployment, volume: str, size: int) -> str:
    """The hash of the first bytes of a volume, whichever pool it is in."""
    exports = (
        f"rbd export --no-progress {pool}/volume-{volume} - 2> /dev/null" for pool in (POOL, FAST)
    )
    command = f"({' || '.join(exports)}) | head --bytes={size} | sha256sum"
    return inside(deployment, "bash", "-c", command).split()[0]


def inside(deployment: Deployment, *command: str) -> str:
    """What a command of Ceph's administrator prints."""
    return deployment.kolla("container", "exec", "ceph-trial", "--", *command).stdout

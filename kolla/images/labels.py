"""The labels that tell where an image comes from."""

import datetime
import importlib.metadata
import pathlib
import subprocess

from kolla.images import inputs

#: Those of the Open Container Initiative.
OCI = "org.opencontainers.image."
VERSION, CREATED = f"{OCI}version", f"{OCI}created"

#: The file in which an image tells the version of the software that it packages.
VERSION_FILE = "/usr/share/kolla/version"


def identity(name: str, release: str) -> dict[str, str]:
    """What makes it kolla's."""
    return {"kolla.image": name, "kolla.release": release}


def complete(name: str, release: str, version: str, revision: str, digest: str) -> dict[str, str]:
    """All labels of a finished image."""
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    return {
        **identity(name, release),
        inputs.LABEL: digest,
        f"{OCI}title": name,
        VERSION: version,
        f"{OCI}revision": revision,
        CREATED: now,
    }


def revision(folder: pathlib.Path) -> str:
    """The git revision that a build context is checked out from, else kolla's version."""
    # Under sudo the checkout is often somebody else's.
    git = ["git", "-c", "safe.directory=*", "-C", str(folder)]
    try:
        subprocess.run([*git, "ls-files", "--error-unmatch", "Dockerfile"],
                       capture_output=True, check=True)
        answer = subprocess.run(
            [*git, "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty"],
            capture_output=True, text=True, check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return importlib.metadata.version("kolla")
    return answer.stdout.strip()

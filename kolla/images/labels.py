"""The labels that tell where an image comes from."""

import importlib.metadata
import pathlib
import subprocess
from collections.abc import Mapping

from kolla.images import inputs
from kolla.times import now

#: Those of the Open Container Initiative.
OCI = "org.opencontainers.image."
VERSION, CREATED = f"{OCI}version", f"{OCI}created"

#: When Debian's packages were last fetched anew for an image or for what it is built on.
REFRESHED = "kolla.refreshed"

#: The file in which an image tells the version of the software that it packages.
VERSION_FILE = "/usr/share/kolla/version"


def identity(name: str, release: str) -> dict[str, str]:
    """What makes it kolla's."""
    return {"kolla.image": name, "kolla.release": release}


def refreshed(known: Mapping[str, str]) -> str | None:
    """When Debian's packages were fetched for an image with these labels; ISO 8601.

    None if nobody knows: an image that kolla did not build.
    """
    return known.get(REFRESHED) or (known.get(CREATED) if inputs.LABEL in known else None)


def complete(
    name: str, release: str, version: str, revision: str, digest: str, refreshed: str
) -> dict[str, str]:
    """All labels of a finished image; ``refreshed`` is empty where nobody knows."""
    return {
        **identity(name, release),
        inputs.LABEL: digest,
        f"{OCI}title": name,
        VERSION: version,
        f"{OCI}revision": revision,
        CREATED: now(),
        **({REFRESHED: refreshed} if refreshed else {}),
    }


def options(told: Mapping[str, str]) -> list[str]:
    """How a docker client is told to give an image these labels."""
    return [f"--label={key}={value}" for key, value in told.items()]


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

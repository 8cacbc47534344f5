"""The labels of an image, which say where it comes from."""

import pathlib
import subprocess
from collections.abc import Mapping

from kolla.catalog import discovery
from kolla.images import inputs
from kolla.times import now

#: Labels that the Open Container Initiative defines.
OCI = "org.opencontainers.image."
VERSION, CREATED = f"{OCI}version", f"{OCI}created"

#: When Debian's packages were last fetched for an image or one of its bases.
REFRESHED = "kolla.refreshed"

#: The file with the version of the software in an image.
VERSION_FILE = "/usr/share/kolla/version"


def identity(name: str, release: str) -> dict[str, str]:
    """The labels by which kolla knows its own images."""
    return {"kolla.image": name, "kolla.release": release}


def refreshed(known: Mapping[str, str]) -> str | None:
    """When Debian's packages were fetched for an image with these labels; ISO 8601.

    None if it is not known: kolla did not build the image.
    """
    return known.get(REFRESHED) or (known.get(CREATED) if inputs.LABEL in known else None)


def complete(
    name: str, release: str, version: str, revision: str, digest: str, refreshed: str
) -> dict[str, str]:
    """All labels of a finished image; ``refreshed`` is empty if it is not known."""
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
    """The options of a docker client that set these labels."""
    return [f"--label={key}={value}" for key, value in told.items()]


def revision(folder: pathlib.Path | None) -> str:
    """The git revision of the build context, else kolla's version."""
    if folder is None:
        return discovery.version()
    # Under sudo the checkout often belongs to another user.
    git = ["git", "-c", "safe.directory=*", "-C", str(folder)]
    try:
        subprocess.run([*git, "ls-files", "--error-unmatch", "Dockerfile"],
                       capture_output=True, check=True)
        answer = subprocess.run(
            [*git, "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty"],
            capture_output=True, text=True, check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return discovery.version()
    return answer.stdout.strip()

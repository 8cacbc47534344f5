"""A docker client that can do BuildKit, which the Dockerfiles need (secrets, mounts)."""

import os
import pathlib
import re
import subprocess
from collections.abc import Iterator, Mapping

from kolla.errors import KollaError
from kolla.images.run import Job

#: Where Debian and Ubuntu install docker, whether or not PATH has it.
SYSTEM_PATH = "/usr/bin"


class Client:
    """A client that works on the engine at ``url``: ``command``, or the first one found."""

    def __init__(self, command: str, url: str):
        self._program, self._environment = find(command), environment(url)

    def build(
        self, options: list[str], job: Job, network: str = "host", dockerfile: str = ""
    ) -> None:
        """``docker build``; if the options contain ``-``, ``dockerfile`` is the whole context."""
        self._run(["build", "--progress=plain", f"--network={network}", *options], job, dockerfile)

    def load(
        self, archive: pathlib.Path, told: Mapping[str, str], target: str, job: Job
    ) -> None:
        """``docker import``: make an image with these labels from a tar archive."""
        changes = [f'--change=LABEL {key}="{value}"' for key, value in told.items()]
        self._run(["import", *changes, str(archive), target], job)

    def _run(self, arguments: list[str], job: Job, text: str = "") -> None:
        job.run([self._program, *arguments], self._environment, text)


def find(command: str = "", path: str | None = None) -> str:
    """The client to build with: ``command``, or the first ``docker`` of ``path`` that can.

    ``path`` is $PATH unless given. Raises :class:`KollaError` that says what is wrong with
    each client found, and how to install one.
    """
    path = os.environ.get("PATH", "") if path is None else path
    candidates = [command] if command else list(_candidates(path))
    refused = []
    for candidate in candidates:
        if not (reason := refuse(candidate)):
            return candidate
        refused.append(f"{candidate} {reason}")
    raise KollaError(
        "no docker client here can build images with BuildKit: "
        + ("; ".join(refused) or "there is no program `docker` on the PATH"),
        "apt-get install docker-buildx (with Docker's own packages: docker-buildx-plugin), "
        "or name another client in [images] docker_command",
    )


def refuse(executable: str) -> str:
    """Why a program cannot be used to build; empty if it can."""
    answer = _ask(executable, "--version")
    if answer is None:
        return "cannot be run"
    match = re.match(r"Docker version (\d+)\.(\d+)", answer)
    if not match:
        return "is not a docker client"
    version = int(match[1]), int(match[2])
    if version < (18, 9):
        return f"is too old ({match[1]}.{match[2]}) for BuildKit"
    # Since version 23, BuildKit is not in the client but in a plugin of it.
    if version >= (23, 0) and _ask(executable, "buildx", "version") is None:
        return f"({match[1]}.{match[2]}) has no working buildx plugin"
    return ""


def environment(url: str) -> dict[str, str]:
    """The environment of a client that builds with BuildKit on the engine at ``url``."""
    return {
        "DOCKER_HOST": url,
        "DOCKER_BUILDKIT": "1",
        # The engine's own builder: others keep their images out of the engine.
        "BUILDX_BUILDER": "default",
        # Make a plain image, not a manifest list with an attestation.
        "BUILDX_NO_DEFAULT_ATTESTATIONS": "1",
    }


def _candidates(path: str) -> Iterator[str]:
    for folder in dict.fromkeys([*path.split(os.pathsep), SYSTEM_PATH]):
        executable = pathlib.Path(folder or ".", "docker")
        # Not Path.is_file(), which raises if it may not look into the folder.
        if os.path.isfile(executable) and os.access(executable, os.X_OK):
            yield str(executable)


def _ask(executable: str, *arguments: str) -> str | None:
    try:
        answer = subprocess.run(
            [executable, *arguments], capture_output=True, text=True, timeout=30
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout if answer.returncode == 0 else None

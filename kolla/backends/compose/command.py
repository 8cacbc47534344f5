"""The compose program: which one, what it can do, and running it."""

import dataclasses
import json
import os
import pathlib
import re
import shutil
import subprocess
from collections.abc import Iterator

from kolla.errors import KollaError
from kolla.files import write_whole
from kolla.plugin.reports import BackendError, Unreachable
from kolla.text import harmless

#: The oldest compose 2 that works.
OLDEST = (2, 26)
#: The only compose 1 that works.
CLASSIC = (1, 29)
WANTED = "compose 2.26 or newer, or docker-compose 1.29"
ADVICE = (
    "apt-get install docker-compose (with Docker's own packages: docker-compose-plugin),"
    " or name another program in [compose] command"
)
#: Seconds that a program may take to tell its version.
PATIENCE = 30
#: Where docker looks for its plugins; each of them runs by itself as well.
PLUGINS = (
    "/usr/local/lib/docker/cli-plugins", "/usr/local/libexec/docker/cli-plugins",
    "/usr/lib/docker/cli-plugins", "/usr/libexec/docker/cli-plugins",
)


@dataclasses.dataclass(frozen=True)
class Compose:
    """A compose program that can be used."""

    program: str
    version: str

    @property
    def classic(self) -> bool:
        """Whether it is docker-compose 1, which can do less and reads some things differently."""
        return parts(self.version) < (2,)

    def create(
        self, file: pathlib.Path, service: str, project: str, url: str, timeout: int
    ) -> None:
        """Make the container of a service without starting it; one that exists stays.

        If this process is killed, compose is killed too: it must make nothing while a later
        command is at work.
        """
        line = [
            "setpriv", "--pdeathsig", "KILL", self.program, "--ansi", "never",
            "--project-name", project, "--file", str(file),
            "up", "--no-start", "--no-deps", "--no-recreate", service,
        ]
        own = {name: text for name, text in os.environ.items()
               if not name.startswith("COMPOSE_")}
        environment = {
            **own, "DOCKER_HOST": url, "COMPOSE_IGNORE_ORPHANS": "1",
            "COMPOSE_HTTP_TIMEOUT": str(timeout),
            # An operator's own Docker configuration must not change what is made.
            "DOCKER_CONFIG": str(file.parent),
        }
        try:
            done = subprocess.run(
                line, capture_output=True, text=True, errors="replace", env=environment,
                stdin=subprocess.DEVNULL, timeout=timeout, start_new_session=True,
            )
        except subprocess.TimeoutExpired:
            raise BackendError(
                f"{self.program} did not make {service} within {timeout} s"
            ) from None
        except OSError as error:
            raise BackendError(f"{self.program} cannot be run: {error.strerror}") from None
        if done.returncode:
            said = _reason(done.stderr) or f"it ended with exit code {done.returncode}"
            raise BackendError(f"compose does not make {service}: {said}")


def find(command: str = "", memory: pathlib.Path | None = None) -> Compose:
    """The program to use: ``command``, or the first of those installed that is good enough.

    The file ``memory`` keeps the versions of programs that have not changed. Raises
    :class:`BackendError`, which tells what is wrong with each program found, and
    :class:`Unreachable` if one does not answer in time: it may be the right one.
    """
    candidates = [command] if command else list(_candidates())
    known = _read(memory)
    refused = []
    for candidate in candidates:
        stamp = _stamp(candidate)
        version = known.get(stamp) or _ask(candidate)
        if version and stamp and stamp not in known:
            _write(memory, {stamp: version})
        if not version:
            refused.append(f"{candidate} does not run")
        elif parts(version) < OLDEST and parts(version)[:2] != CLASSIC:
            refused.append(f"{candidate} is {version}")
        else:
            return Compose(candidate, version)
    found = "; ".join(refused) or "no compose is installed"
    raise BackendError(f"the compose backend needs {WANTED}: {found}", ADVICE)


def parts(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])


def _candidates() -> Iterator[str]:
    own = os.environ.get("DOCKER_CONFIG") or os.path.expanduser("~/.docker")
    for folder in (f"{own}/cli-plugins", *PLUGINS):
        if os.access(f"{folder}/docker-compose", os.X_OK):
            yield f"{folder}/docker-compose"
    if standalone := shutil.which("docker-compose"):
        yield standalone


def _ask(program: str) -> str:
    try:
        answer = subprocess.run(
            [program, "version", "--short"], capture_output=True, text=True, timeout=PATIENCE,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        raise Unreachable(
            f"{program} did not tell its version within {PATIENCE} s",
            "is this machine overloaded? try again, or name another program in"
            " [compose] command",
        ) from None
    except OSError:
        return ""
    found = re.search(r"\d+\.\d+[\w.+~-]*", answer.stdout)
    return found[0] if answer.returncode == 0 and found else ""


def _stamp(program: str) -> str:
    """Identifies the file of a program; empty if there is none."""
    try:
        found = os.stat(shutil.which(program) or program)
    except OSError:
        return ""
    return f"{program} {found.st_size} {found.st_mtime_ns}"


def _read(memory: pathlib.Path | None) -> dict[str, str]:
    try:
        return json.loads(memory.read_text()) if memory else {}
    except (OSError, ValueError):
        return {}


def _write(memory: pathlib.Path | None, known: dict[str, str]) -> None:
    try:
        if memory:
            write_whole(memory, json.dumps(known).encode())
    except KollaError:
        pass  # then it is asked again


def _reason(text: str) -> str:
    """The last line of an error; of docker-compose 1 the line before it that has the reason."""
    lines = [line.strip() for line in harmless(text).splitlines() if line.strip()]
    reasons = re.findall(r"^ERROR: for \S+ +(.+)", "\n".join(lines), re.MULTILINE)
    said = (reasons or lines or [""])[-1]
    return re.sub(r"^(Error response from daemon|ERROR|Error):? ?", "", said)

"""A registry of images: Debian's docker-registry as a process of the test."""

import contextlib
import pathlib
import subprocess
from collections.abc import Iterator

from tests.functional.support.engine import Engine
from tests.functional.support.harness import run
from tests.functional.support.watching import get, until

PROGRAM = "docker-registry"
CONFIGURATION = """\
version: 0.1
log: {{level: error}}
storage:
  filesystem: {{rootdirectory: {folder}}}
http:
  addr: {address}
"""
#: Who may log in: the user and the password, and what the registry is told of them.
USER, PASSWORD = "somebody", "let me in"
HASH = "$2b$05$1VVm8VFmbjO8K79/O1DGLu33CurtplFEdPK0dxLegf4/aEmgIXpEi"
LOCKED = """\
auth:
  htpasswd: {{realm: registry, path: {folder}/htpasswd}}
"""


@contextlib.contextmanager
def registry(folder: pathlib.Path, address: str, port: int, locked: bool = False) -> Iterator[str]:
    """Its ADDRESS:PORT. Images lie in the folder, also of another registry. ``locked``: it wants
    a login.
    """
    place = f"{address}:{port}"
    (folder / "htpasswd").write_text(f"{USER}:{HASH}\n")
    text = CONFIGURATION + (LOCKED if locked else "")
    path = folder / f"{port}.yml"
    path.write_text(text.format(folder=folder, address=place))
    with open(folder / f"{port}.log", "w") as log:
        process = subprocess.Popen([PROGRAM, "serve", path], stdout=log, stderr=log)
    try:
        until(lambda: _answers(address, port) or process.poll() is not None)
        assert process.poll() is None, (folder / f"{port}.log").read_text()
        yield place
    finally:
        process.kill()
        process.wait()


def _answers(address: str, port: int) -> bool:
    try:
        get(address, port)
    except OSError:
        return False
    return True


def push(engine: Engine, image: str, name: str) -> str:
    """Put an image of the engine into a registry under ``REGISTRY/NAME:TAG``; its reference."""
    with engine.client() as client:
        client.images.get(image).tag(name)
        client.images.push(name)
        facts = client.images.get(name)
        client.images.remove(name)
    repository, _, tag = name.rpartition(":")
    (found,) = (text for text in facts.attrs["RepoDigests"] if text.startswith(f"{repository}@"))
    return f"{repository}:{tag}@{found.partition('@')[2]}"


def log_in(engine: Engine, place: str, folder: pathlib.Path) -> None:
    """What `docker login` does, with its credentials in that folder."""
    run("docker", "--config", folder, "--host", engine.url, "login", "--username", USER,
        "--password", PASSWORD, place)

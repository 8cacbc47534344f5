"""Reads a file inside an image, through a container that never runs."""

import contextlib
import io
import os
import tarfile
import threading

from docker.errors import NotFound

from kolla.backends.docker.connection import Connection
from kolla.backends.instances import engine_name


def read(engine: Connection, image: str, path: str, container: str) -> bytes | None:
    """The file; None if it is not there."""
    with engine.errors(f"does not read {path} from {image}"):
        holder = _holder(engine, image, container)
        try:
            chunks, _ = engine.api.get_archive(holder, path)
            archive = tarfile.open(fileobj=io.BytesIO(b"".join(chunks)))
            member = archive.next()
            file = archive.extractfile(member) if member else None
            return file.read() if file else None
        except NotFound:
            engine.api.inspect_container(holder)  # it is the file that is not there
            return None
        finally:
            failing = engine.errors(f"does not remove {holder}")
            with failing, contextlib.suppress(NotFound):
                engine.api.remove_container(holder, v=True, force=True)


def _holder(engine: Connection, image: str, container: str) -> str:
    """A container that never runs; to the recovery of ``container`` it is a task."""
    task = f"read-{os.getpid()}-{threading.get_ident()}"
    name = engine_name(container, 0, task) if container else None
    labels = {
        "kolla.container": container, "kolla.generation": "0", "kolla.task": task,
    } if container else {}
    return engine.api.create_container(image, ["true"], name=name, labels=labels)["Id"]

"""A container's log as the engine's API sends it.

Not with the SDK's own ``logs``, which takes the parts of a long line for lines, and an error
of the engine for one more of them.
"""

import datetime
from collections.abc import Iterable, Iterator
from typing import Any

import docker
import requests
from docker.errors import create_api_error_from_http_exception

from kolla.backends import log_drivers
from kolla.backends.docker.frames import frames
from kolla.plugin.reports import BackendError, UnreadableLog
from kolla.text import harmless

#: Bytes that are read at a time.
CHUNK = 1 << 16
#: The engine cuts a long line into parts of 16 kB. So many are put together again.
PARTS = 64
#: The number of no output: in such a frame the engine tells why it cannot go on.
_ERROR = 3


def read(api: docker.APIClient, name: str, **asked: Any) -> Iterator[tuple[str, str]]:
    """(ISO time, line) pairs; ``asked`` as in the API.

    Raises :class:`docker.errors.APIError` if there is no such container or log, and
    :class:`BackendError` if the log ends with an error of the engine.
    """
    url = f"{api.base_url}/v{api.api_version}/containers/{name}/logs"
    always = {"stdout": 1, "stderr": 1, "timestamps": 1}
    with api.get(url, params=always | asked, stream=True, timeout=api.timeout) as response:
        if not response.ok:
            create_api_error_from_http_exception(requests.HTTPError(response=response))
        yield from lines(response.iter_content(CHUNK))


def unreadable(found: dict) -> UnreadableLog:
    """The error for a container that was inspected, and whose driver keeps its log."""
    name, config = found["Name"].lstrip("/"), found["HostConfig"]["LogConfig"]
    own = "".join(f", {key}={value}" for key, value in sorted((config["Config"] or {}).items()))
    return UnreadableLog(
        f"the log driver {config['Type']!r} of {name} does not let its lines be read back",
        f"they are {log_drivers.place(config['Type'], name)}{own}",
    )


def lines(stream: Iterable[bytes]) -> Iterator[tuple[str, str]]:
    """(ISO time, line) pairs in a log, however it is cut into chunks.

    Each frame has a time and a line of one of the outputs, or a part of a long line.
    """
    begun: dict[int, list[bytes]] = {}
    for output, frame in frames(stream):
        if output == _ERROR:
            said = harmless(frame.decode(errors="replace")).strip()
            raise BackendError(f"the engine says: {said}")
        at, _, part = frame.partition(b" ")
        parts = begun.setdefault(output, [at])
        parts.append(part)
        if part.endswith(b"\n") or len(parts) > PARTS:
            yield _line(*begun.pop(output))
    for parts in begun.values():
        yield _line(*parts)


def _line(at: bytes, *parts: bytes) -> tuple[str, str]:
    text = b"".join(parts).decode(errors="replace")
    return _universal(at.decode()), harmless(text.rstrip("\r\n"))


def _universal(at: str) -> str:
    """A time in UTC: the driver ``local`` has them in the zone of the engine."""
    if at.endswith("Z"):
        return at
    whole = datetime.datetime.fromisoformat(at).astimezone(datetime.UTC)
    return f"{whole:%Y-%m-%dT%H:%M:%S}{at[19:29]}Z"

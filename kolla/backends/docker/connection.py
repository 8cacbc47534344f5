"""The connection to one engine, and its errors in kolla's words."""

import contextlib
import functools
import logging
import os
import threading
from collections.abc import Iterator

import docker
import requests
from docker.errors import APIError, DockerException

from kolla.plugin.reports import BackendError, Unreachable
from kolla.text import harmless

LOG = logging.getLogger(__name__)


class Connection:
    """Clients of the engine at ``url``, which wait ``timeout`` seconds for an answer."""

    def __init__(self, url: str, timeout: int = 120):
        self.url, self.timeout = url, timeout
        tell_of_another(url, os.environ.get("DOCKER_HOST", ""))
        self._local = threading.local()
        self._api_version: str | None = None

    @property
    def api(self) -> docker.APIClient:
        """A client of this thread's own."""
        if not hasattr(self._local, "api"):
            self._local.api = self.connect(self.timeout)
        return self._local.api

    def connect(self, timeout: int | None) -> docker.APIClient:
        """A client that waits ``timeout`` seconds for an answer; None: for ever."""
        with self.errors("cannot be reached"):
            client = docker.APIClient(
                base_url=self.url, timeout=timeout, version=self._api_version or "auto"
            )
        self._api_version = client.api_version
        return client

    @contextlib.contextmanager
    def errors(self, what: str) -> Iterator[None]:
        """Turn errors of the SDK into :class:`BackendError` and :class:`Unreachable`.

        ``what`` completes "the engine ..." in the message, such as "does not start web-g3".
        """
        try:
            yield
        except APIError as error:
            if _speaks_another(error):
                self._forget_version()
                raise Unreachable(
                    f"the engine {what}: {error.explanation}",
                    "it was upgraded in the meantime: run the command again",
                ) from error
            said = harmless(str(error.explanation or error))
            raise BackendError(f"the engine {what}: {said}") from error
        except (DockerException, requests.RequestException) as error:
            raise Unreachable(
                f"the Docker engine at {self.url} {what}: {root_cause(error)}",
                "is it running? see `kolla host check`; [docker] url chooses another engine",
            ) from error

    def _forget_version(self) -> None:
        """Have each thread make a new client, which agrees on a version of the API again."""
        self._api_version, self._local = None, threading.local()


@functools.cache  # once in a process
def tell_of_another(url: str, client: str) -> None:
    """Warn where the docker client of this shell would speak to another engine."""
    if client and _place(client) != _place(url):
        LOG.warning("DOCKER_HOST=%s is ignored: kolla works with the engine at %s ([docker] url)",
                    client, url)


def _place(url: str) -> str:
    path = url.removeprefix("unix://")
    return os.path.realpath(path) if path.startswith("/") else url


def _speaks_another(error: APIError) -> bool:
    """Whether the engine, upgraded since, refuses the version of the API agreed on before."""
    said = str(error.explanation)
    return "client version" in said and ("too old" in said or "too new" in said)


def root_cause(error: BaseException) -> str:
    """What an error began with, in the words of the system where it has some."""
    while error.__context__ is not None:
        error = error.__context__
    return getattr(error, "strerror", None) or str(error)

"""The backend against an engine that is made up and speaks HTTP."""

import json
import socket
import threading

import pytest

from kolla.backends.docker.backend import DockerBackend
from kolla.plugin.instance import Instance
from kolla.plugin.reports import Unreachable
from tests.unit.support.web import Handler, served


class _Engine(Handler):
    def do_GET(self) -> None:
        server, first = self.server, self.path.split("/")[1]
        asked = first[1:] if first.startswith("v1.") else ""
        if asked and asked < server.oldest:
            self._say(400, {"message": f"client version {asked} is too old."
                                       f" Minimum supported API version is {server.oldest}"})
        elif self.path.endswith("/version"):
            self._say(200, {"Version": "29.0", "ApiVersion": server.newest})
        elif self.path.endswith("/json"):
            self._say(200, {"Config": {"Tty": True}})
        elif "/logs?" in self.path:
            self._say(200, "it works on")
        else:
            self._say(200, [])

    def do_POST(self) -> None:
        if "/wait" in self.path:  # the container goes on and on
            self.server.is_over.wait(self.server.lasts)
            if not self.server.is_over.is_set():
                self.connection.shutdown(socket.SHUT_RDWR)
                return
        self._say(201, {"Id": "x", "Warnings": []})

    def do_DELETE(self) -> None:
        self.server.removed.append(self.path.split("/")[3].partition("?")[0])
        self._say(200, [])

    def _say(self, status: int, what) -> None:
        body = json.dumps(what).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def engine():
    """One that speaks the versions 1.24 to 1.41 of the API."""
    with served(_Engine) as server:
        server.oldest, server.newest = "1.24", "1.41"
        server.lasts = 60
        server.is_over, server.removed = threading.Event(), []
        yield server
        server.is_over.set()


def test_an_upgraded_engine_is_spoken_to_in_a_version_that_it_knows(engine):
    backend = DockerBackend(f"tcp://127.0.0.1:{engine.server_port}", 5)
    assert backend.observe() == []
    engine.oldest, engine.newest = "1.44", "1.47"
    with pytest.raises(Unreachable, match="1.41 is too old"):
        backend.observe()
    assert backend.observe() == []
    assert backend.version() == "Docker 29.0"


def test_a_task_that_hangs_is_ended_after_its_time_and_removed(engine):
    backend = DockerBackend(f"tcp://127.0.0.1:{engine.server_port}", 5)
    outcome = backend.run(Instance("web-g1-task", "image", 42000, {}, {}), timeout=1)
    assert outcome.exit_code not in (0, 75)
    assert outcome.output.endswith("it did not end within 1 s") and "it works" in outcome.output
    assert engine.removed == ["web-g1-task", "web-g1-task"]  # also what an earlier try has left


def test_an_engine_that_ends_while_a_task_runs_is_no_task_that_hangs(engine):
    engine.lasts = 0.1
    backend = DockerBackend(f"tcp://127.0.0.1:{engine.server_port}", 5)
    with pytest.raises(Unreachable, match="does not wait for web-g1-task"):
        backend.run(Instance("web-g1-task", "image", 42000, {}, {}), timeout=30)

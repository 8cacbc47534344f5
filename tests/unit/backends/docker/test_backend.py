"""The backend against an engine that is made up and speaks HTTP."""

import http.server
import json
import threading

import pytest

from kolla.backends.docker.backend import DockerBackend
from kolla.plugin.reports import Unreachable


class _Engine(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        server, first = self.server, self.path.split("/")[1]
        asked = first[1:] if first.startswith("v1.") else ""
        if asked and asked < server.oldest:
            self._say(400, {"message": f"client version {asked} is too old."
                                       f" Minimum supported API version is {server.oldest}"})
        elif self.path.endswith("/version"):
            self._say(200, {"Version": "29.0", "ApiVersion": server.newest})
        else:
            self._say(200, [])

    def _say(self, status: int, what) -> None:
        body = json.dumps(what).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments) -> None:
        pass


@pytest.fixture
def engine():
    """One that speaks the versions 1.24 to 1.41 of the API."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Engine) as server:
        server.oldest, server.newest = "1.24", "1.41"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_an_upgraded_engine_is_spoken_to_in_a_version_that_it_knows(engine):
    backend = DockerBackend(f"tcp://127.0.0.1:{engine.server_port}", 5)
    assert backend.observe() == []
    engine.oldest, engine.newest = "1.44", "1.47"
    with pytest.raises(Unreachable, match="1.41 is too old"):
        backend.observe()
    assert backend.observe() == []
    assert backend.version() == "Docker 29.0"

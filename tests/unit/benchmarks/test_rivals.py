"""What the benchmarks put beside kolla, and how they count what kolla asks."""

import http.client
import http.server
import json
import socket
import socketserver
import threading

from kolla.plugin.instance import Instance
from tests.benchmarks import compose
from tests.benchmarks.counting import Proxy


def instance(**changes) -> Instance:
    return Instance(
        name="web-g1000", image="sha256:abc", user=42000, environment={"PASSWORD": "a$b"},
        labels={"kolla.container": "web"}, binds=(("/srv/own", "/var/lib/kolla", "rw"),),
        volumes=(("web", "/var/lib/web"),), scratch={"/tmp": "64m"}, **changes,
    )


def test_compose_gets_the_same_container(tmp_path):
    project = compose.Project(tmp_path, "unix:///engine.sock")
    project.write({"web": compose.service(instance(command=("run", "$HOME")))})
    content = json.loads(project.file.read_text())
    service = content["services"]["web"]
    assert service["environment"] == {"PASSWORD": "a$$b"}
    assert service["command"] == ["run", "$$HOME"]
    assert service["volumes"] == ["web:/var/lib/web", "/srv/own:/var/lib/kolla:rw"]
    assert service["tmpfs"] == ["/tmp:size=64m,mode=1777"]
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert "labels" not in service  # kolla is not to take it for its own
    assert content["volumes"] == {"web": {"name": "web", "external": True}}


def test_compose_starts_the_command_of_the_image_if_there_is_no_other():
    assert "command" not in compose.service(instance())


def test_calls_are_counted_without_the_version_of_the_api(tmp_path):
    class Engine(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

        def address_string(self):
            return "engine"

    class Client(http.client.HTTPConnection):
        def connect(self):
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.connect(str(tmp_path / "proxy"))

    with socketserver.ThreadingUnixStreamServer(str(tmp_path / "engine"), Engine) as engine:
        threading.Thread(target=engine.serve_forever, args=(0.01,), daemon=True).start()
        with Proxy(tmp_path / "proxy", tmp_path / "engine").listening() as proxy:
            client = Client("engine")
            for path in ("/version", "/v1.41/containers/json?all=1"):
                client.request("GET", path)
                assert client.getresponse().read() == b""
            client.close()
        engine.shutdown()
    assert proxy.requests == ["GET /version", "GET /containers/json?all=1"]

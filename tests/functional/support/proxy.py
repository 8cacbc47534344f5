"""An HTTP proxy that asks for a password and knows a Debian mirror and a package index.

The two have names that exist nowhere else: what is fetched from them went through the proxy.
"""

import base64
import contextlib
import http.server
import os
import shutil
import socket
import socketserver
import ssl
import threading
import urllib.parse
import urllib.request
from collections.abc import Iterator

LOGIN = "kolla-tester:kolla-test-password"
MIRROR, INDEX = "mirror.kolla-test.invalid", "index.kolla-test.invalid"
UPSTREAM = {
    MIRROR: "http://deb.debian.org",
    INDEX: os.environ.get("PIP_INDEX_URL", "https://pypi.org/simple").rstrip("/"),
}


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if not self._authorized():
            return
        url = urllib.parse.urlsplit(self.path)
        self.server.hosts.add(url.hostname)
        upstream = UPSTREAM.get(url.hostname, f"http://{url.netloc}")
        kept = {name: self.headers[name] for name in ("Accept", "Range") if name in self.headers}
        request = urllib.request.Request(f"{upstream}{url.path}", headers=kept)
        try:
            answer = urllib.request.urlopen(request, timeout=60, context=_trust())
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            self.send_response(answer.status)
            for name in ("Content-Type", "Content-Length", "Content-Range"):
                if answer.headers[name]:
                    self.send_header(name, answer.headers[name])
            self.end_headers()
            shutil.copyfileobj(answer, self.wfile)

    def do_CONNECT(self) -> None:
        if not self._authorized():
            return
        host, _, port = self.path.rpartition(":")
        with socket.create_connection((host, int(port)), timeout=60) as far:
            self.send_response(200)
            self.end_headers()
            back = threading.Thread(target=_pump, args=(far, self.connection))
            back.start()
            _pump(self.connection, far)
            back.join()

    def _authorized(self) -> bool:
        expected = "Basic " + base64.b64encode(LOGIN.encode()).decode()
        if self.headers.get("Proxy-Authorization") == expected:
            return True
        self.send_response(407)
        self.send_header("Proxy-Authenticate", 'Basic realm="kolla"')
        self.send_header("Content-Length", "0")
        self.end_headers()
        return False

    def log_message(self, *arguments) -> None:
        pass


class _Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True


@contextlib.contextmanager
def proxy() -> Iterator[tuple[str, set[str]]]:
    """Its address with the login, and the names of the hosts that were asked for so far."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.hosts = set()
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://{LOGIN}@127.0.0.1:{server.server_port}", server.hosts
        server.shutdown()


def _trust() -> ssl.SSLContext:
    return ssl.create_default_context()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)

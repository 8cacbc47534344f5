"""The HTTP endpoint that load balancers, keepalived and Prometheus ask.

Clients may be slow, silent or broken. So each gets a thread and little time; if there are too
many, the endpoint cuts off the oldest.
"""

import contextlib
import io
import logging
import socket
import socketserver
import threading
import time
from typing import Any
from wsgiref import simple_server

from prometheus_client import CollectorRegistry

from kolla import network
from kolla.monitor.pages import Pages
from kolla.monitor.view import View
from kolla.text import harmless

LOG = logging.getLogger(__name__)

#: Seconds until the endpoint tries a taken port again.
RETRY = 10
#: Seconds that a client may take from its connection to the end of the answer.
PATIENCE = 10
#: The most clients at a time; one more takes the place of the oldest.
MOST = 64


class Endpoint:
    """Serves a view, from a thread of its own."""

    def __init__(self, address: str, port: int, view: View, registry: CollectorRegistry):
        self.address, self.port = address, port
        self._pages = Pages(view, registry)
        self._server: _Server | None = None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="endpoint", daemon=True)

    def start(self) -> None:
        """Listen. If the port is taken, warn once and try again until it is free."""
        if problem := self._open():
            LOG.warning(
                "the endpoint has no address to listen on: port %d of %s %s; it is tried again"
                " every %d s", self.port, self.address, problem, RETRY,
            )
        self._thread.start()

    def stop(self) -> None:
        """Stop listening, and cut off all clients."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.is_set():
            if self._server:
                self._server.handle_request()
                self._server.cut_off(PATIENCE)
            elif self._stopped.wait(RETRY) is False and not self._open():
                LOG.warning("the endpoint listens on port %d of %s", self.port, self.address)
        if self._server:
            self._server.server_close()
            self._server.cut_off(0)

    def _open(self) -> str:
        """Listen; returns why that is not possible, or an empty text."""
        try:
            self._server = _Server(self.address, self.port, self._pages)
        except OSError as error:
            return str(network.problem(self.address, self.port) or error.strerror)
        self.port = self._server.server_port
        return ""


class _Server(socketserver.ThreadingMixIn, simple_server.WSGIServer):
    """A server with a bounded number of threads, and a bounded time for each."""

    daemon_threads, block_on_close = True, False
    allow_reuse_port = False
    request_queue_size = 128
    #: Seconds that ``handle_request`` waits for a request.
    timeout = 0.5

    def __init__(self, address: str, port: int, pages: Pages):
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        #: When each connection was opened; None: it was cut off.
        self._since: dict[socket.socket, float | None] = {}
        self._lock = threading.Lock()
        super().__init__((address, port), _Handler)
        self.set_app(pages)

    def server_bind(self) -> None:
        # HTTPServer would ask the name service for the name of this host.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]
        self.setup_environ()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._since[request] = time.monotonic()
            living = [client for client, since in self._since.items() if since is not None]
            if len(living) > MOST:
                self._cut(living[0])
            overrun = len(self._since) > 2 * MOST  # too many threads do not end
        if overrun:
            self.shutdown_request(request)
        else:
            super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._since.pop(request, None)
        super().shutdown_request(request)

    def cut_off(self, patience: float) -> None:
        """End connections that have been open longer than so many seconds."""
        oldest = time.monotonic() - patience
        with self._lock:
            for client, since in self._since.items():
                if since is not None and since <= oldest:
                    self._cut(client)

    def _cut(self, client: socket.socket) -> None:
        self._since[client] = None
        with contextlib.suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        LOG.debug("the client %s is broken", client_address, exc_info=True)


class _Handler(simple_server.WSGIRequestHandler):
    #: Seconds that one read or write may take.
    timeout = 5
    server_version, sys_version = "kolla", ""

    def log_message(self, format: str, *arguments: Any) -> None:
        LOG.debug("%s: %s", self.client_address[0], harmless(format % arguments))

    def get_stderr(self) -> io.StringIO:
        return io.StringIO()  # discards the tracebacks of clients that have gone

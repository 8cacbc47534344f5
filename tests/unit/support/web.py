"""An HTTP server for the time of a test."""

import contextlib
import http.server
import threading
from collections.abc import Iterator


class Handler(http.server.BaseHTTPRequestHandler):
    """Tells nobody what it was asked."""

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def served(handler: type[Handler]) -> Iterator[http.server.ThreadingHTTPServer]:
    """It answers at a free port of the loopback address, until the block ends."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()

"""The pages of the endpoint: the health of sets and containers, for load balancers and people.

Anybody who reaches the endpoint may read them, so they contain no output of checks.
"""

import http
import json
import logging
from collections.abc import Callable, Iterable
from typing import Any

from prometheus_client import CollectorRegistry, make_wsgi_app

from kolla.errors import nearest
from kolla.health import conditions
from kolla.monitor.view import View
from kolla.plugin.spec import short_id
from kolla.text import harmless
from kolla.times import age

LOG = logging.getLogger(__name__)

METHODS = ("GET", "HEAD", "OPTIONS")
PATHS = ("/", "/sets/NAME", "/containers/NAME", "/metrics")
#: No name is longer; a request for a longer one is cut before it is compared or repeated.
LONGEST = 100

_WHY = {
    conditions.HEALTHY: "",
    conditions.STARTING: "its check has not passed since it was started",
    conditions.MAINTENANCE: "an operator is at work on it",
    conditions.DEGRADED: "something that it depends on is not well, or it is too busy",
    conditions.PAUSED: "it is paused",
    conditions.UNKNOWN: "its check cannot be run",
    conditions.UNHEALTHY: "its check fails",
    conditions.FAILED: "it is not restarted any more",
    conditions.STOPPED: "it is stopped",
    conditions.ABSENT: "it does not exist",
}


class Pages:
    """A WSGI application that shows a view (see :class:`.endpoint.Endpoint`)."""

    def __init__(self, view: View, registry: CollectorRegistry):
        self._view = view
        self._metrics = make_wsgi_app(registry)

    def __call__(self, environ: dict[str, Any], begin: Callable[..., Any]) -> Iterable[bytes]:
        def start_response(status: str, headers: Iterable[tuple[str, str]], *error: Any) -> Any:
            return begin(status, [*headers, ("Server", "kolla")], *error)

        method = environ["REQUEST_METHOD"]
        try:
            if method in METHODS and environ["PATH_INFO"].rstrip("/") == "/metrics":
                body = self._metrics({**environ, "REQUEST_METHOD": "GET"}, start_response)
                return body if method == "GET" else []
            status, page = self._answer(method, environ["PATH_INFO"])
        except Exception as error:  # a client must hear that the health here is not known
            LOG.debug("while at %s", harmless(environ["PATH_INFO"]), exc_info=True)
            LOG.warning("the endpoint has a bug: %s: %s", type(error).__name__, error)
            status, page = http.HTTPStatus.INTERNAL_SERVER_ERROR, {"error": "a bug in kolla"}
        body = json.dumps(page, indent=2).encode() + b"\n"
        start_response(f"{status.value} {status.phrase}", [
            ("Content-Type", "application/json"), ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"), ("Allow", ", ".join(METHODS)),
        ])
        return [] if method == "HEAD" else [body]

    def _answer(self, method: str, path: str) -> tuple[http.HTTPStatus, dict]:
        if method not in METHODS:
            return http.HTTPStatus.METHOD_NOT_ALLOWED, {"error": "this can only be read"}
        match path.strip("/").split("/"):
            case [""]:
                return http.HTTPStatus.OK, self._overview()
            case ["sets", name]:
                return _judged(self._set(name), "container set", name, self._view.sets())
            case ["containers", name]:
                known = self._view.conditions()
                return _judged(self._container(name), "container", name, known)
        return http.HTTPStatus.NOT_FOUND, {
            "error": f"there is no page {path[:LONGEST]!r}", "pages": PATHS,
        }

    def _overview(self) -> dict:
        view = self._view
        flaws = view.flaws()
        return {
            "configuration": {"valid": not flaws, "problems": flaws},
            "pins": {name: short_id(each.pin) for name, each in view.conditions().items()
                     if each.pin},
            "sets": {name: view.status_of_set(name) for name in view.sets()},
            "containers": {name: each.status for name, each in view.conditions().items()},
        }

    def _container(self, name: str) -> dict | None:
        found = self._view.conditions().get(name)
        if found is None:
            return None
        return {
            "container": name, "status": found.status, "serves": found.serves,
            "since": found.since or None,
            "detail": _WHY[found.status], "age": _since(found.checked),
            "generation": found.generation, "probation": found.probation,
            "restarts": found.restarts, "pin": found.pin and short_id(found.pin),
        }

    def _set(self, name: str) -> dict | None:
        children = self._view.sets().get(name)
        if children is None:
            return None
        below = self._below(name)
        return {
            "set": name, "status": self._view.status_of_set(name),
            "serves": bool(below) and all(each.serves for each in below),
            "since": max((each.since for each in below), default=None) or None,
            "detail": "; ".join(
                f"{each.container}: {_WHY[each.status]}" for each in below if _WHY[each.status]
            ),
            "age": max(filter(None, (_since(each.checked) for each in below)), default=None),
            "children": {child: self._status(child) for child in children},
        }

    def _status(self, name: str) -> str | None:
        if name in self._view.sets():
            return self._view.status_of_set(name)
        found = self._view.conditions().get(name)
        return found.status if found else None

    def _below(self, name: str) -> list[conditions.Condition]:
        """The conditions of the containers below a set."""
        sets, known, waiting, found = self._view.sets(), self._view.conditions(), [name], []
        while waiting:
            node = waiting.pop(0)
            if node in sets:
                waiting += sets[node]
            elif node in known:
                found.append(known[node])
        return found


def _judged(
    page: dict | None, what: str, name: str, known: Iterable[str]
) -> tuple[http.HTTPStatus, dict]:
    if page is None:
        name = name[:LONGEST]
        error = f"there is no {what} {name!r}{nearest(name, known)}"
        return http.HTTPStatus.NOT_FOUND, {"error": error}
    status = http.HTTPStatus.OK if page["serves"] else http.HTTPStatus.SERVICE_UNAVAILABLE
    return status, page


def _since(at: str | None) -> float | None:
    return None if at is None else round(age(at), 1)

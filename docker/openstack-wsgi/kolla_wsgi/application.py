"""The service's application (``KOLLA_WSGI``, as ``module:name``), loaded for uWSGI.

uWSGI gives up after an exception, but starts a worker that calls exit() again for ever.

Beside the service it answers kolla-check's question after the database, which clients cannot
ask: the router names every client in a header.
"""

import importlib
import os

import uwsgi
from kolla_image import environment
from kolla_wsgi import answers, gate, quiet

if environment.get(environment.databases()[0]):
    from kolla_wsgi import reconnect  # noqa: F401 (not every service has SQLAlchemy)

_module, _, _name = os.environ["KOLLA_WSGI"].partition(":")
try:
    _service = getattr(importlib.import_module(_module), _name)
except SystemExit as ending:
    raise RuntimeError(f"{_module} refuses to start") from ending
quiet.begin()


def application(request, start_response):
    if "HTTP_X_FORWARDED_FOR" in request:
        with gate.passed(request["PATH_INFO"]):
            answer = _service(request, start_response)
            return answers.bounded(answer, uwsgi.connection_fd())
    if request["PATH_INFO"] != "/kolla-check/database":
        with quiet.checking():
            return _service(request, start_response)
    complaint = _database_complaint()
    start_response("503 Service Unavailable" if complaint else "200 OK", [])
    return [complaint.encode()]


def _database_complaint() -> str:
    if not environment.get(environment.databases()[0]):
        return ""
    from kolla_image.health import complaint  # it needs what not every service has

    return complaint()

"""The service's application (``KOLLA_WSGI``, as ``module:name``), loaded for uWSGI.

uWSGI gives up after an exception, but starts a worker that calls exit() again for ever.
"""

import importlib
import os

_module, _, _name = os.environ["KOLLA_WSGI"].partition(":")
try:
    application = getattr(importlib.import_module(_module), _name)
except SystemExit as ending:
    raise RuntimeError(f"{_module} refuses to start") from ending

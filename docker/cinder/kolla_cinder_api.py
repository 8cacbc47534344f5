"""Cinder's API, whose rules are read before its threads begin.

Each thread would read them when it needs them first, and another one find none in the meantime.
"""

from cinder.wsgi.api import application  # noqa: F401  # first: it reads the configuration

from cinder import policy

policy.init()

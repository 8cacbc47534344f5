"""Requests that are under way wait for a database that is replaced, as new ones do.

kolla-hold does not wait for all of them: not for the transfer of an image, which needs the
database again when it ends.
"""

import time

import sqlalchemy

from kolla_wsgi import gate

#: Seconds between two attempts.
PAUSE = 0.1


@sqlalchemy.event.listens_for(sqlalchemy.engine.Engine, "do_connect")
def connect(dialect, record, arguments, options):
    """A connection, as soon as there is one; None leaves it to SQLAlchemy, as ever."""
    while gate.held():
        try:
            return dialect.connect(*arguments, **options)
        except dialect.loaded_dbapi.OperationalError:
            time.sleep(PAUSE)
    return None

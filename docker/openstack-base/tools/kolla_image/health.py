"""Whether the service's databases can be used."""

import functools

import sqlalchemy
from sqlalchemy import exc

from kolla_image import environment, own_database

#: Seconds in which the service has to answer.
TIMEOUT = 5


@functools.cache
def _engine(url: str) -> sqlalchemy.Engine:
    return own_database.engine(sqlalchemy.make_url(url), TIMEOUT, TIMEOUT)


def complaint() -> str:
    """Why one of them cannot be used, on one line; empty if all can."""
    for variable in environment.databases():
        engine = _engine(environment.get(variable))
        try:
            with engine.connect() as connection:
                connection.execute(sqlalchemy.text("SELECT 1"))
        except exc.DBAPIError as error:
            return own_database.complaint(engine.url, error)
    return ""

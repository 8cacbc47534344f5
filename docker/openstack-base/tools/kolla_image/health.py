"""Whether the service's databases can be used."""

import functools

import sqlalchemy
from sqlalchemy import exc, pool

from kolla_image import environment

#: Seconds in which the service has to answer.
TIMEOUT = 5


@functools.cache
def _engine(url: str) -> sqlalchemy.Engine:
    return sqlalchemy.create_engine(
        url, poolclass=pool.NullPool,
        connect_args={"connect_timeout": TIMEOUT, "read_timeout": TIMEOUT},
    )


def complaint() -> str:
    """Why one of them cannot be used, on one line; empty if all can."""
    try:
        for variable in environment.databases():
            with _engine(environment.get(variable)).connect() as connection:
                connection.execute(sqlalchemy.text("SELECT 1"))
    except exc.DBAPIError as error:
        return " ".join(f"the database cannot be used: {error.orig}".split())
    return ""

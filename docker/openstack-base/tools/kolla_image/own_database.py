"""The service's own databases, reached as the service itself reaches them.

Its URLs say whether that is over TLS, and name the file of the authority.
"""

import contextlib
from collections.abc import Iterator

import sqlalchemy
from pymysql.constants import ER
from sqlalchemy import exc, pool

from kolla_image.environment import fail, require

#: Seconds in which the server has to accept a connection, and to answer: a little longer than
#: MariaDB itself waits for a row that is locked (innodb_lock_wait_timeout).
CONNECTS, ANSWERS = 10, 60
#: What it says before the service's first bootstrap, or before that of a new password.
NOT_YET = {
    ER.ACCESS_DENIED_ERROR, ER.DBACCESS_DENIED_ERROR, ER.BAD_DB_ERROR,
    ER.NO_SUCH_TABLE, 1698,  # what MariaDB says to some unknown users
}


class NotYet(SystemExit):
    """There is no such database, table or account yet; a task that expects that catches it."""


def url(variable: str) -> sqlalchemy.URL:
    """What the variable holds; ends the program with one line if that is no URL."""
    try:
        return sqlalchemy.make_url(require(variable))
    except exc.ArgumentError:
        fail(f"{variable} is no URL of a database")


def engine(
    place: sqlalchemy.URL, connects: float = CONNECTS, answers: float | None = ANSWERS
) -> sqlalchemy.Engine:
    """Makes connections, each for one block.

    ``connects``, ``answers``: seconds that the server has, to accept one and for each statement;
    None: as many as it takes.
    """
    return sqlalchemy.create_engine(
        place, poolclass=pool.NullPool,
        connect_args={"connect_timeout": connects, "read_timeout": answers},
    )


@contextlib.contextmanager
def opened(variable: str = "OS_DATABASE__CONNECTION") -> Iterator[sqlalchemy.Connection]:
    """A transaction in the database of that variable, for the block.

    If the server refuses something, the program ends with one line, by :class:`NotYet` where that
    is to be expected of a new service.
    """
    place = url(variable)
    with refusals(place), engine(place).begin() as connection:
        yield connection


@contextlib.contextmanager
def refusals(place: sqlalchemy.URL) -> Iterator[None]:
    """What the server at that URL refuses within the block ends the program with one line."""
    try:
        yield
    except exc.NoSuchTableError as error:
        fail(f"the database {named(place)} has no table {error}", NotYet)
    except exc.DBAPIError as error:
        expected = error.orig.args[0] in NOT_YET
        fail(complaint(place, error), NotYet if expected else SystemExit)


def complaint(place: sqlalchemy.URL, error: exc.DBAPIError) -> str:
    reason = " ".join(str(error.orig.args[-1]).split())
    return f"the database {named(place)} cannot be used: {reason}"


def named(place: sqlalchemy.URL) -> str:
    """Without the password."""
    return f"{place.host}:{place.port}/{place.database}"

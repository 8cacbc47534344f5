"""The ledger: two tables in the first of a service's own databases, changed under a lock.

``kolla_hosts`` holds which container of which host runs which release, ``kolla_schema`` what was
done to the schema. A dump of the database holds them too: what is restored knows what it is.

The lock is that of a row, kept by a transaction that stays open: Galera refuses GET_LOCK.
"""

import contextlib
from collections.abc import Iterator

import sqlalchemy
from pymysql.constants import ER
from sqlalchemy import exc

from kolla_image import own_database
from kolla_image.environment import databases, fail
from kolla_image.phases import Member, State, Step

TABLES = (
    """CREATE TABLE IF NOT EXISTS kolla_hosts (
        name VARCHAR(255), container VARCHAR(255), release_name VARCHAR(32) NOT NULL,
        since DATETIME NOT NULL, confirmed BOOLEAN NOT NULL, PRIMARY KEY (name, container))""",
    """CREATE TABLE IF NOT EXISTS kolla_schema (
        phase VARCHAR(32) PRIMARY KEY, release_name VARCHAR(32) NOT NULL,
        version VARCHAR(64) NOT NULL, host VARCHAR(255) NOT NULL,
        since DATETIME NOT NULL, done BOOLEAN NOT NULL)""",
)
#: Earlier images recorded no container, since there was only one. They fail on this table, which
#: is better than overlooking the other containers.
BY_CONTAINER = """ALTER TABLE kolla_hosts
    ADD COLUMN IF NOT EXISTS container VARCHAR(255) NOT NULL DEFAULT :container AFTER name,
    DROP PRIMARY KEY, ADD PRIMARY KEY (name, container)"""


class Ledger:
    """Reads and writes the tables.

    ``who``: host, container, release and version of the writer. ``urls``: of the service's
    databases, by variable.
    """

    def __init__(
        self, connection: sqlalchemy.Connection, who: dict[str, str],
        urls: dict[str, sqlalchemy.URL],
    ):
        self.connection, self.who, self.urls = connection, who, urls

    def execute(self, sql: str, **values):
        return self.connection.execute(sqlalchemy.text(sql), values)

    def state(self) -> State:
        members = self.execute(
            "SELECT name, container, release_name, since, confirmed FROM kolla_hosts"
        )
        steps = self.execute(
            "SELECT phase, release_name, version, host, since, done FROM kolla_schema"
        )
        return State(
            {(row.name, row.container): Member(*row) for row in members.all()},
            {row.phase: Step(*row) for row in steps.all()},
        )

    def say(self, release: str, confirmed: bool) -> None:
        """What this container of this host runs now."""
        self.execute(
            "REPLACE INTO kolla_hosts"
            " VALUES (:host, :container, :release, UTC_TIMESTAMP(), :confirmed)",
            **self.who | {"release": release, "confirmed": confirmed},
        )

    def begin(self, phase: str) -> None:
        self.execute(
            "REPLACE INTO kolla_schema"
            " VALUES (:phase, :release, :version, :host, UTC_TIMESTAMP(), FALSE)",
            phase=phase, **self.who,
        )

    def finish(self, phase: str) -> None:
        self.execute("UPDATE kolla_schema SET done = TRUE WHERE phase = :phase", phase=phase)

    def forget(self, host: str, container: str) -> None:
        self.execute(
            "DELETE FROM kolla_hosts WHERE name = :host AND container = :container",
            host=host, container=container,
        )

    def prepare(self) -> None:
        """Make the tables, or make them what they are now."""
        for table in TABLES:
            self.execute(table)
        if not self.execute("SHOW COLUMNS FROM kolla_hosts LIKE 'container'").all():
            self.execute(BY_CONTAINER, container=self.who["container"])

    def lock(self, guard: sqlalchemy.Connection, timeout: int) -> None:
        """Keep every other host from doing anything; wait ``timeout`` seconds for that.

        The lock lasts as long as the connection ``guard``, which ends when this host dies.
        """
        if "lock" not in self.state().steps:
            self.begin("lock")
        wait = sqlalchemy.text("SET SESSION innodb_lock_wait_timeout = :timeout")
        lock = sqlalchemy.text("SELECT 1 FROM kolla_schema WHERE phase = 'lock' FOR UPDATE")
        guard.execute(wait, {"timeout": timeout})
        try:
            guard.execute(lock)
        except exc.OperationalError as error:
            if error.orig.args[0] != ER.LOCK_WAIT_TIMEOUT:
                raise
            holder = self.state().steps.get("holder", "by another host")
            fail(f"the schema is locked {holder}; waited {timeout} s")
        self.begin("holder")


def urls() -> dict[str, sqlalchemy.URL]:
    """Of the service's databases, by variable. The first one holds the ledger.

    All have to be of one account on one server: one transaction dumps them. Ends the program
    with one line if they are not.
    """
    found = {variable: own_database.url(variable) for variable in databases()}
    accounts = {(url.host, url.port, url.username, url.password) for url in found.values()}
    if len(accounts) > 1:
        fail(f"{', '.join(found)} should name databases of one account on one server")
    return found


@contextlib.contextmanager
def connected(who: dict[str, str], timeout: int | None) -> Iterator[Ledger]:
    """The ledger in the database that the service itself uses.

    It is locked for the time of the block, unless ``timeout`` is None.
    """
    known = urls()
    place = next(iter(known.values()))
    # A lock, or the change of a schema by another host, may last longer than an answer.
    engine = own_database.engine(place, answers=None)
    with (
        own_database.refusals(place),
        engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection,
        engine.connect() as guard,
    ):
        ledger = Ledger(connection, who, known)
        ledger.prepare()
        if timeout is not None:
            ledger.lock(guard, timeout)
        yield ledger

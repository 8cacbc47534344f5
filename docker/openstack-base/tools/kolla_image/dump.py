"""A dump of the service's databases, before their schema changes."""

import datetime
import gzip
import os
import pathlib
import re
import subprocess
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from kolla_image.environment import fail, require

if TYPE_CHECKING:
    import sqlalchemy

#: kolla takes the files from here when the task has ended.
FOLDER = pathlib.Path("/var/lib/kolla/dumps")
STATEMENT = re.compile(rb"(USE|CREATE TABLE|INSERT INTO) `((?:[^`]|``)+)`")
LAST_LINE = b"-- Dump completed"


def dump(
    connection: "sqlalchemy.Connection", urls: Mapping[str, "sqlalchemy.URL"], release: str
) -> str:
    """Make one compressed dump of whole databases, as they are at one moment; the file's name.

    ``release`` is the one that the data is of. Ends the program with one line if the dump does
    not hold all tables, or no row of a table that has some.
    """
    databases = list(dict.fromkeys(url.database for url in urls.values()))
    container, generation = require("KOLLA_CONTAINER"), require("KOLLA_GENERATION")
    now = f"{datetime.datetime.now(datetime.UTC):%Y%m%dT%H%M%SZ}"
    name = f"{container}-before-g{generation}-from-{release}-{now}.sql.gz"
    draft = FOLDER / f"{name}.partial"
    filled = _filled(connection, databases)
    try:
        found = _write(draft, connection.engine.url, databases)
        refuse_incomplete(
            found, tables(connection, databases), filled & _filled(connection, databases)
        )
        draft.rename(FOLDER / name)
    except OSError as error:
        fail(f"the dump cannot be written: {error.strerror}")
    finally:
        draft.unlink(missing_ok=True)
    return name


def tables(
    connection: "sqlalchemy.Connection", databases: Iterable[str]
) -> set[tuple[str, str]]:
    """The tables in databases of the connection's server: (database, table) pairs."""
    return {
        (database, name) for database in databases for name in connection.exec_driver_sql(
            "SELECT table_name FROM information_schema.tables"
            " WHERE table_schema = %s AND table_type = 'BASE TABLE'", (database,)
        ).scalars()
    }


def _filled(
    connection: "sqlalchemy.Connection", databases: Iterable[str]
) -> set[tuple[str, str]]:
    """The tables that have rows now."""
    quote = connection.dialect.identifier_preparer.quote_identifier
    return {
        (database, name) for database, name in tables(connection, databases)
        if connection.exec_driver_sql(
            f"SELECT EXISTS (SELECT 1 FROM {quote(database)}.{quote(name)})"
        ).scalar()
    }


def _write(
    draft: pathlib.Path, url: "sqlalchemy.URL", databases: list[str]
) -> set[tuple[str, str, str]]:
    """The statements that make the databases what they are now, whatever they are then.

    Returns what is in them: (statement, database, table).
    """
    command = [
        # Ignore configuration files: the service could have written them.
        "mariadb-dump", "--no-defaults", f"--host={url.host}", f"--port={url.port or 3306}",
        f"--user={url.username}", *_tls(url), "--single-transaction",
        "--quick", "--hex-blob", "--default-character-set=utf8mb4",
        "--add-drop-database", "--databases", *databases,
    ]
    # Not as an argument: every user of the host could read it there.
    environment = {**os.environ, "MYSQL_PWD": url.password or ""}
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        with gzip.open(file, "wb", compresslevel=6) as packed, subprocess.Popen(
            command, stdout=subprocess.PIPE, env=environment
        ) as process:
            found = _copy(process.stdout, packed)
        file.flush()
        os.fsync(file.fileno())
    if process.returncode:
        fail(f"mariadb-dump ended with exit code {process.returncode}")
    return found


def _copy(lines: Iterable[bytes], packed: gzip.GzipFile) -> set[tuple[str, str, str]]:
    found, database, line = set(), "", b""
    for line in lines:
        packed.write(line)
        if statement := STATEMENT.match(line):
            kind, name = statement[1].decode(), statement[2].decode().replace("``", "`")
            if kind == "USE":
                database = name
            else:
                found.add((kind, database, name))
    if not line.startswith(LAST_LINE):
        fail("the dump is incomplete: its last line is missing")
    return found


def refuse_incomplete(
    found: set[tuple[str, str, str]], wanted: set[tuple[str, str]], filled: set[tuple[str, str]]
) -> None:
    """End the program with one line if a dump lacks tables or their rows."""
    for kind, places in (("CREATE TABLE", wanted), ("INSERT INTO", filled)):
        missing = sorted(".".join(place) for place in places if (kind, *place) not in found)
        if missing:
            fail(f"the dump is incomplete: it has no {kind} of {', '.join(missing)}")


def _tls(url) -> list[str]:
    """What the URL of the service says of TLS, in the words of mariadb-dump."""
    if authority := url.query.get("ssl_ca"):
        return [f"--ssl-ca={authority}", "--ssl-verify-server-cert"]
    return ["--skip-ssl-verify-server-cert"]

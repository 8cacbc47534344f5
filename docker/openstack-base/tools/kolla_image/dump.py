"""A dump of the service's database, before its schema changes."""

import datetime
import gzip
import os
import pathlib
import re
import subprocess
from collections.abc import Iterable
from typing import TYPE_CHECKING

from kolla_image.environment import fail, require

if TYPE_CHECKING:
    import sqlalchemy

#: What is in it when the task ends is taken away and kept.
FOLDER = pathlib.Path("/var/lib/kolla/dumps")
STATEMENT = re.compile(rb"(CREATE TABLE|INSERT INTO) `((?:[^`]|``)+)`")
LAST_LINE = b"-- Dump completed"


def dump(connection: "sqlalchemy.Connection", release: str) -> str:
    """Make a compressed dump of the connection's whole database; the file's name.

    ``release`` is the one that the data is of. Ends the program with one line if the dump does
    not hold all tables, or no row of a table that has some.
    """
    container, generation = require("KOLLA_CONTAINER"), require("KOLLA_GENERATION")
    now = f"{datetime.datetime.now(datetime.UTC):%Y%m%dT%H%M%SZ}"
    name = f"{container}-before-g{generation}-from-{release}-{now}.sql.gz"
    draft = FOLDER / f"{name}.partial"
    filled = _filled(connection)
    try:
        found = _write(draft, connection.engine.url)
        refuse_incomplete(found, tables(connection), filled & _filled(connection))
        draft.rename(FOLDER / name)
    except OSError as error:
        fail(f"the dump cannot be written: {error.strerror}")
    finally:
        draft.unlink(missing_ok=True)
    return name


def tables(connection: "sqlalchemy.Connection") -> set[str]:
    """The names of the tables in the connection's database."""
    return set(connection.exec_driver_sql(
        "SELECT table_name FROM information_schema.tables"
        " WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'"
    ).scalars())


def _filled(connection: "sqlalchemy.Connection") -> set[str]:
    """The tables that have rows now."""
    quote = connection.dialect.identifier_preparer.quote_identifier
    return {
        name for name in tables(connection)
        if connection.exec_driver_sql(f"SELECT EXISTS (SELECT 1 FROM {quote(name)})").scalar()
    }


def _write(draft: pathlib.Path, url: "sqlalchemy.URL") -> set[tuple[str, str]]:
    """The statements that make the database what it is now, whatever it is then.

    Returns what is in them: (statement, table) pairs.
    """
    command = [
        # No file that the service could have written has a say in it.
        "mariadb-dump", "--no-defaults", f"--host={url.host}", f"--port={url.port or 3306}",
        f"--user={url.username}", *_tls(url), "--single-transaction",
        "--quick", "--hex-blob", "--default-character-set=utf8mb4",
        "--add-drop-database", "--databases", url.database,
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


def _copy(lines: Iterable[bytes], packed: gzip.GzipFile) -> set[tuple[str, str]]:
    found, line = set(), b""
    for line in lines:
        packed.write(line)
        if statement := STATEMENT.match(line):
            kind, table = statement.groups()
            found.add((kind.decode(), table.decode().replace("``", "`")))
    if not line.startswith(LAST_LINE):
        fail("the dump is incomplete: its last line is missing")
    return found


def refuse_incomplete(
    found: set[tuple[str, str]], wanted: set[str], filled: set[str]
) -> None:
    """End the program with one line if a dump lacks tables or their rows."""
    for kind, names in (("CREATE TABLE", wanted), ("INSERT INTO", filled)):
        missing = sorted(name for name in names if (kind, name) not in found)
        if missing:
            fail(f"the dump is incomplete: it has no {kind} of {', '.join(missing)}")


def _tls(url) -> list[str]:
    """What the URL of the service says of TLS, in the words of mariadb-dump."""
    if authority := url.query.get("ssl_ca"):
        return [f"--ssl-ca={authority}", "--ssl-verify-server-cert"]
    return ["--skip-ssl-verify-server-cert"]

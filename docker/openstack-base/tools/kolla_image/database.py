"""kolla-database: makes the service's database and user, or sets what they should be."""

import contextlib
from collections.abc import Iterable, Iterator

import pymysql

from kolla_image.environment import authority, fail, require


def statements(name: str, user: str, password: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Pairs of SQL and its values. Safe to repeat; the password becomes the given one."""
    quoted = name.replace("`", "``")
    # Several services' migrations expect three-byte UTF-8 in their foreign keys.
    yield f"CREATE DATABASE IF NOT EXISTS `{quoted}` CHARACTER SET utf8mb3", ()
    yield "CREATE USER IF NOT EXISTS %s@'%%' IDENTIFIED BY %s", (user, password)
    yield "ALTER USER %s@'%%' IDENTIFIED BY %s", (user, password)
    pattern = quoted.replace("%", "%%").replace("_", "\\_")
    yield f"GRANT ALL PRIVILEGES ON `{pattern}`.* TO %s@'%%'", (user,)


def removal(names: Iterable[str], user: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The inverse: databases and their user. Safe to repeat."""
    for name in names:
        quoted = name.replace("`", "``").replace("%", "%%")
        yield f"DROP DATABASE IF EXISTS `{quoted}`", ()
    yield "DROP USER IF EXISTS %s@'%%'", (user,)


@contextlib.contextmanager
def administrator() -> Iterator[pymysql.cursors.Cursor]:
    """A session of the server's administrator; one that fails ends the program with one line."""
    address, port = require("KOLLA_DATABASE_ADDRESS"), int(require("KOLLA_DATABASE_PORT"))
    try:
        with pymysql.connect(
            host=address,
            port=port,
            user="root",
            password=require("KOLLA_DATABASE_ROOT_PASSWORD"),
            connect_timeout=10,
            ssl={"ca": authority("database")} if authority("database") else None,
        ) as connection, connection.cursor() as cursor:
            yield cursor
    except pymysql.MySQLError as error:
        fail(f"the database at {address}:{port} cannot be used: {error.args[-1]}")


def exists(name: str) -> bool:
    """Whether the server has a database of that name, as its administrator sees it."""
    with administrator() as cursor:
        return bool(cursor.execute("SHOW DATABASES WHERE `Database` = %s", (name,)))


def main() -> None:
    wanted = [require(f"KOLLA_DATABASE_{part}") for part in ("NAME", "USER", "PASSWORD")]
    with administrator() as cursor:
        for sql, values in statements(*wanted):
            cursor.execute(sql, values)

"""kolla-database: makes the service's database and user, or sets what they should be."""

import pymysql

from kolla_image.environment import authority, fail, require


def statements(name: str, user: str, password: str):
    """Pairs of SQL and its values. Safe to repeat; the password becomes the given one."""
    quoted = name.replace("`", "``")
    # Several services' migrations expect three-byte UTF-8 in their foreign keys.
    yield f"CREATE DATABASE IF NOT EXISTS `{quoted}` CHARACTER SET utf8mb3", ()
    yield "CREATE USER IF NOT EXISTS %s@'%%' IDENTIFIED BY %s", (user, password)
    yield "ALTER USER %s@'%%' IDENTIFIED BY %s", (user, password)
    pattern = quoted.replace("%", "%%").replace("_", "\\_")
    yield f"GRANT ALL PRIVILEGES ON `{pattern}`.* TO %s@'%%'", (user,)


def main() -> None:
    address, port = require("KOLLA_DATABASE_ADDRESS"), int(require("KOLLA_DATABASE_PORT"))
    wanted = [require(f"KOLLA_DATABASE_{part}") for part in ("NAME", "USER", "PASSWORD")]
    try:
        with pymysql.connect(
            host=address,
            port=port,
            user="root",
            password=require("KOLLA_DATABASE_ROOT_PASSWORD"),
            connect_timeout=10,
            ssl={"ca": authority("database")} if authority("database") else None,
        ) as connection, connection.cursor() as cursor:
            for sql, values in statements(*wanted):
                cursor.execute(sql, values)
    except pymysql.MySQLError as error:
        fail(f"the database at {address}:{port} cannot be used: {error.args[-1]}")

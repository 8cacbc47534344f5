"""What the scripts of images use of SQLAlchemy, played on PyMySQL: tests do without SQLAlchemy."""

import contextlib
import types
import urllib.parse

import pymysql


class DBAPIError(Exception):
    def __init__(self, orig: Exception):
        super().__init__(str(orig))
        self.orig = orig


class ArgumentError(Exception):
    pass


class NoSuchTableError(Exception):
    pass


exc = types.SimpleNamespace(
    ArgumentError=ArgumentError, DBAPIError=DBAPIError, NoSuchTableError=NoSuchTableError,
    OperationalError=DBAPIError,
)
pool = types.SimpleNamespace(NullPool=object)
URL = Connection = object
text = str


def make_url(text: str):
    parts = urllib.parse.urlsplit(text)
    if not parts.hostname:
        raise ArgumentError(f"there is no host in {text}")
    return types.SimpleNamespace(
        host=parts.hostname, port=parts.port, username=parts.username, password=parts.password,
        database=parts.path.strip("/"),
    )


class Engine:
    def __init__(self, url, options: dict):
        self.url, self._options = url, options

    @contextlib.contextmanager
    def begin(self):
        try:
            with pymysql.connect(
                host=self.url.host, port=self.url.port, user=self.url.username,
                password=self.url.password, database=self.url.database, **self._options,
            ) as connection:
                yield connection
        except pymysql.MySQLError as error:
            raise DBAPIError(error) from error


def create_engine(url, poolclass, connect_args: dict) -> Engine:
    return Engine(url, connect_args)

"""A dump of the service's database, before its schema changes."""

import datetime
import gzip
import os
import pathlib
import shutil
import subprocess

from kolla_image.environment import fail, require

FOLDER = pathlib.Path("/var/lib/kolla/dumps")


def dump(url, release: str) -> str:
    """Make a compressed dump of the whole database at a SQLAlchemy URL; the file's name.

    ``release`` is the one that the data is of. Dumps older than the newest
    ``KOLLA_DUMPS_KEPT`` are removed.
    """
    container, kept = require("KOLLA_CONTAINER"), int(require("KOLLA_DUMPS_KEPT"))
    now = f"{datetime.datetime.now(datetime.UTC):%Y%m%dT%H%M%SZ}"
    name = f"{container}-before-g{require('KOLLA_GENERATION')}-from-{release}-{now}.sql.gz"
    for left_over in FOLDER.glob("*.partial"):
        left_over.unlink()
    draft = FOLDER / f"{name}.partial"
    try:
        _write(draft, url)
        draft.rename(FOLDER / name)
    except OSError as error:
        fail(f"the dump cannot be written: {error.strerror}")
    finally:
        draft.unlink(missing_ok=True)
    for old in outdated([path.name for path in FOLDER.glob("*.sql.gz")], kept):
        (FOLDER / old).unlink()
    return name


def _write(draft: pathlib.Path, url) -> None:
    """The statements that make the database what it is now, whatever it is then."""
    command = [
        "mariadb-dump", f"--host={url.host}", f"--port={url.port or 3306}",
        f"--user={url.username}", "--skip-ssl-verify-server-cert", "--single-transaction",
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
            shutil.copyfileobj(process.stdout, packed, 1024 * 1024)
        file.flush()
        os.fsync(file.fileno())
    if process.returncode:
        fail(f"mariadb-dump ended with exit code {process.returncode}")


def outdated(names: list[str], kept: int) -> list[str]:
    """All but the newest ``kept`` dumps; the time is at the end of their names."""
    return sorted(names, key=lambda name: name.rpartition("-")[2])[:-kept]

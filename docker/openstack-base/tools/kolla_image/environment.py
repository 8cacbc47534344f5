"""What the tasks read from their environment, and how they fail."""

import functools
import os
import pathlib
import sys
from collections.abc import Mapping
from typing import NoReturn

#: Secret variables of the container, each NAME=VALUE and a zero byte.
SECRETS = pathlib.Path("/var/lib/kolla/secrets")
#: The authorities of the servers that are reached over TLS lie here, by their option groups.
TLS = pathlib.Path("/etc/kolla/tls")
#: Written by kolla-version when the image was built.
VERSION = pathlib.Path("/usr/share/kolla/version")


def authority(group: str) -> str | None:
    """The file of the authority that vouches for a server; None: it is reached without TLS."""
    path = TLS / f"{group}.crt"
    return str(path) if path.exists() else None


def databases() -> list[str]:
    """The variables with the URLs of the service's databases; the first one holds the ledger."""
    return (get("KOLLA_SCHEMA_DATABASES") or "OS_DATABASE__CONNECTION").split()


def fail(message: str, ending: type[SystemExit] = SystemExit) -> NoReturn:
    """End the program with one line that names it."""
    raise ending(f"{os.path.basename(sys.argv[0])}: {message}")


@functools.cache
def secrets() -> Mapping[str, str]:
    """The secret variables; none where the environment holds them."""
    entries = SECRETS.read_text().split("\0") if SECRETS.exists() else ()
    return dict(entry.split("=", 1) for entry in entries if entry)


def get(name: str) -> str | None:
    """A variable, secret or not."""
    return os.environ.get(name) or secrets().get(name)


def require(name: str) -> str:
    """The same; ends the program with one line if it is missing or empty."""
    return get(name) or fail(f"{name} is not set")


def option(name: str) -> str:
    r"""An option ``OS_<GROUP>__<OPTION>`` as oslo.config reads it, to which ``\$`` is ``$``."""
    return require(name).replace(r"\$", "$")


def who() -> dict[str, str]:
    """Which container of which host this is, and the software in its image."""
    return {
        "host": require("KOLLA_HOST"),
        "container": require("KOLLA_CONTAINER"),
        "release": require("KOLLA_RELEASE"),
        "version": VERSION.read_text().strip(),
    }


def patience() -> int:
    """Seconds that a host waits for another one that changes the schema."""
    return int(os.environ.get("KOLLA_LOCK_TIMEOUT", "60"))

"""The engine's log drivers: what each is told, and where its lines can be read."""

from collections.abc import Mapping

#: The drivers that write files, which the engine rotates.
FILES = ("json-file", "local")
#: The options that all of these drivers have.
_ALL = {
    "mode", "max-buffer-size", "cache-disabled", "cache-max-size", "cache-max-file",
    "cache-compress",
}
#: Options that say how the lines of a container are named.
_NAMING = {"labels", "labels-regex", "env", "env-regex", "tag"}
#: By driver: the options that it knows. The options of other drivers only the engine knows.
OPTIONS = {
    "json-file": _ALL | _NAMING | {"compress"},
    "local": _ALL | {"compress"},
    "journald": _ALL | _NAMING,
}
#: Options whose name sounds like a secret, and whose value is the path of a file.
PATHS = {"syslog-tls-key"}
#: By driver: where its lines can be read without kolla.
PLACES = {
    "awslogs": "in CloudWatch",
    "fluentd": "where fluentd sends them",
    "gcplogs": "in Google Cloud Logging",
    "gelf": "on the GELF server",
    "journald": "with `journalctl CONTAINER_NAME={name}`",
    "json-file": "in the file that `docker inspect -f '{{{{.LogPath}}}}' {name}` names",
    "local": "nowhere else",
    "none": "nowhere: it throws them away",
    "splunk": "in Splunk",
    "syslog": "in the syslog that it sends them to",
}


def options(
    driver: str, max_size: str, max_files: int, own: Mapping[str, str]
) -> dict[str, str]:
    """The options of a driver; ``own`` are those that the operator has set."""
    told = {}
    if driver in FILES:
        told = {"max-size": max_size, "max-file": str(max_files)}
    if driver == "local" and max_files == 1:
        told["compress"] = "false"  # the engine refuses the combination
    if driver in ("journald", "syslog"):
        told["tag"] = "{{.Name}}"
    if driver == "journald":
        # journalctl KOLLA_CONTAINER=keystone, whichever generation it is.
        told["labels"] = "kolla.container,kolla.generation"
    return told | dict(own)


def place(driver: str, name: str) -> str:
    """Where the lines of a container of the engine are."""
    return PLACES.get(driver, "where its plugin sends them").format(name=name)

"""The files that Swift reads, made from the environment: it has no other way to be told."""

import configparser
import json
import os
import pathlib
from collections.abc import Iterable, Iterator, Mapping

from kolla_image.environment import require

from kolla_swift import rings

#: The folder that is /etc/swift.
PLACE = pathlib.Path("/run/kolla/swift")
TEMPLATES = pathlib.Path("/usr/local/share/kolla/swift")
#: All devices of the cloud.
DEVICES = pathlib.Path("/etc/kolla/swift/devices.json")
#: Options that a library reads from the environment itself, by their groups.
OTHERS = pathlib.Path("/usr/share/kolla/options.json")


def parser() -> configparser.ConfigParser:
    """One that changes no names, and to which [DEFAULT] is a section like any other."""
    made = configparser.ConfigParser(interpolation=None, default_section="", delimiters=("=",))
    made.optionxform = str  # type: ignore[assignment,method-assign]
    return made


def options(variables: Mapping[str, str], others: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """Variable, section, option and value of each ``OS_<SECTION>__<OPTION>`` that is Swift's."""
    for variable, value in sorted(variables.items()):
        section, _, option = variable.removeprefix("OS_").lower().partition("__")
        if variable.startswith("OS_") and option and section not in others:
            yield variable, "DEFAULT" if section == "default" else section, option, value


def ours(name: str) -> Iterator[tuple[str, str, str]]:
    """Section, option and value of what kolla says itself in the configuration of that name."""
    yield "DEFAULT", "bind_ip", require("KOLLA_ADDRESS")
    yield "DEFAULT", "bind_port", require("KOLLA_PORT")
    yield "DEFAULT", "workers", require("KOLLA_WORKERS")
    yield "DEFAULT", "max_clients", require("KOLLA_THREADS")
    yield "DEFAULT", "mount_check", os.environ.get("KOLLA_MOUNTED", "false")
    if port := os.environ.get("KOLLA_RSYNC_PORT"):
        kind = name.partition("-")[0]
        yield "DEFAULT", "rsync_module", f"rsync://{{replication_ip}}:{port}/{kind}"
    if name == "object-server":
        yield from share(require("KOLLA_HOST"), facts()["devices"]["object"])


def share(host: str, devices: Iterable[Mapping]) -> Iterator[tuple[str, str, str]]:
    """Of all objects that expire, each host with devices for objects deletes its share."""
    hosts = sorted({device["host"] for device in devices})
    if host in hosts:
        yield "object-expirer", "processes", str(len(hosts))
        yield "object-expirer", "process", str(hosts.index(host))


def configured(template: str, told: Iterable[tuple[str, ...]]) -> configparser.ConfigParser:
    """A configuration: what the image says, and over it what it is told, the last word last."""
    made = parser()
    made.read_string(template)
    for section, option, value in told:
        if not made.has_section(section):
            made.add_section(section)
        made[section][option] = value.replace("%", "%%")
    return made


def write(name: str, content: configparser.ConfigParser) -> pathlib.Path:
    """Write a file for Swift alone: there are secrets in it."""
    PLACE.mkdir(exist_ok=True)
    path = PLACE / name
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        content.write(file)
    return path


def facts() -> dict:
    """What kolla says of all devices, and of the rings that they make."""
    return json.loads(DEVICES.read_text())


def common(suffix: str) -> None:
    """Write what all parts of Swift read: swift.conf, the rings, and how daemons ask others."""
    made = parser()
    made["swift-hash"] = {"swift_hash_path_suffix": suffix}
    made["storage-policy:0"] = {"name": "default", "default": "yes"}
    write("swift.conf", made)
    write("internal-client.conf", configured((TEMPLATES / "internal-client.conf").read_text(), ()))
    told = facts()
    for ring, devices in told["devices"].items():
        path = str(PLACE / f"{ring}.ring.gz")
        rings.write(devices, told["replicas"], told["part_power"], path)

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


def ours() -> dict[str, str]:
    """What kolla says itself in [DEFAULT]."""
    return {
        "bind_ip": require("KOLLA_ADDRESS"), "bind_port": require("KOLLA_PORT"),
        "workers": require("KOLLA_WORKERS"), "max_clients": require("KOLLA_THREADS"),
        "mount_check": os.environ.get("KOLLA_MOUNTED", "false"),
    }


def configured(
    template: str, own: Mapping[str, str], told: Iterable[tuple[str, ...]]
) -> configparser.ConfigParser:
    """A configuration: what the image says, over it what kolla, and then what the operator."""
    made = parser()
    made.read_string(template)
    for section, option, value in [*(("DEFAULT", *item) for item in own.items()), *told]:
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


def common(suffix: str) -> None:
    """Write what all parts of Swift read: swift.conf and the rings."""
    made = parser()
    made["swift-hash"] = {"swift_hash_path_suffix": suffix}
    made["storage-policy:0"] = {"name": "default", "default": "yes"}
    write("swift.conf", made)
    facts = json.loads(DEVICES.read_text())
    for ring, devices in facts["devices"].items():
        path = str(PLACE / f"{ring}.ring.gz")
        rings.write(devices, facts["replicas"], facts["part_power"], path)

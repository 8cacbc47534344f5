"""Containers that do nothing and may do nearly everything, for tests of what they are given."""

import dataclasses

from oslo_config import cfg

from kolla.plugin import (
    Check, Container, ContainerSet, File, HostMount, Privilege, Scratch, Volume, secret,
)
from kolla_synthetic import IMAGE

RIGHTS = ContainerSet("rights", "Containers for tests, with every right there is")

#: Texts that YAML, shells, environment files and templates like to take for something else.
TEXTS = {
    "KOLLA_DOLLAR": "$$HOME $${HOME} $$",
    "KOLLA_QUOTES": "it's \"quoted\" `and` \\ more \\\\",
    "KOLLA_LINES": "one\n  two: # three\n\nfour\t",
    "KOLLA_NUMBER": "1e3",
    "KOLLA_NO": "no",
    "KOLLA_EMPTY": "",
    "KOLLA_WORDS": "größer = ${rights.plain}",
}


def privilege(kind: str, value: str = "") -> Privilege:
    return Privilege(kind, "to see that it is given", value)


HOST = Container(
    name="rights-host",
    parent="rights",
    summary="Has every right that needs no power over the host",
    image=IMAGE,
    user=42999,
    command=("sh", "-c", "echo \"$$\" '#' $HOME; exec sleep infinity"),
    environment=TEXTS | {"KOLLA_SECRET": "${rights.secret}", "KOLLA_BOTH": "x:${rights.secret}"},
    check=Check(command=("true",)),
    files=(
        File("/etc/rights/plain", content="plain: ${rights.plain} $$x\n"),
        File("/etc/rights/secret", content="${rights.secret}"),
    ),
    volumes=(Volume("rights-host", "/var/lib/synthetic"), Volume("rights-more", "/srv")),
    scratch=(Scratch("/var/cache", "16m"), Scratch("/tmp", "8m")),
    host_mounts=(
        HostMount("/usr/share", "/host/share", "to read it"),
        HostMount("/var/tmp", "/host/tmp", "to write there", read_only=False),
    ),
    privileges=(
        privilege("capability", "NET_ADMIN"), privilege("capability", "NET_RAW"),
        privilege("device", "/dev/null"), privilege("device", "/dev/zero:/dev/naught:r"),
        privilege("pid"), privilege("ipc"), privilege("root"), privilege("writable-root"),
        privilege("device-rule", "c 10:232 rwm"), privilege("device-rule", "b 7:* r"),
        privilege("group", "36"),
        privilege("limit", "core=0"), privilege("limit", "stack=1048576"),
        privilege("new-privileges"), privilege("unconfined", "seccomp"),
    ),
    stop_grace=1,
    options={
        "rights": (cfg.StrOpt("plain", default="text", help="A text."),
                   secret("secret", "A secret.")),
    },
)

CGROUP = dataclasses.replace(
    HOST, name="rights-cgroup", summary="Has the host's cgroups as well", volumes=(),
    privileges=(*HOST.privileges, privilege("cgroup"), privilege("unconfined", "systempaths"),
                privilege("unconfined", "apparmor"), privilege("unconfined", "label")),
    options={},
)

ALL = Container(
    name="rights-all",
    parent="rights",
    summary="Has all that the host can give",
    image=IMAGE,
    user=42999,
    command=("sleep", "infinity"),
    check=Check(command=("true",)),
    privileges=(privilege("root"), privilege("privileged")),
    stop_grace=1,
)

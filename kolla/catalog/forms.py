"""What the values of privileges and of host needs look like."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from kolla.errors import nearest


class Form(NamedTuple):
    """A regular expression, and a value that fits it."""

    pattern: str
    example: str


#: Without the limits of processes and open files: these are options of every container.
_LIMITS = ("core", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "rss", "rtprio",
           "rttime", "sigpending", "stack")
_PATH = r"/[^\0:]*"
#: By kind; None: it takes no value.
PRIVILEGES: dict[str, Form | None] = {
    "capability": Form(r"(?!CAP_)[A-Z][A-Z0-9_]*", "NET_ADMIN"),
    "device-rule": Form(r"[abc] (\d+|\*):(\d+|\*) [rwm]{1,3}", "c 10:232 rwm"),
    "group": Form(r"\d+", "36"),
    "limit": Form(f"({'|'.join(_LIMITS)})=(\\d+|-1)", "memlock=67108864"),
    "unconfined": Form("seccomp|apparmor|label|systempaths", "seccomp"),
    "device": Form(r"/[^\0:]*(:/[^\0:]*)?(:[rwm]{1,3})?", "/dev/kvm"),
    "privileged": None, "pid": None, "ipc": None, "cgroup": None, "root": None,
    "writable-root": None, "new-privileges": None,
}
#: By kind.
NEEDS: dict[str, Form] = {
    "module": Form(r"[\w-]+", "openvswitch"),
    "sysctl": Form(r"[\w./@-]+=\S.*", "net.ipv4.ip_forward=1"),
    "shared-mount": Form(_PATH, "/run/netns"),
    "folder": Form(_PATH, "/srv/instances"),
    "file": Form(_PATH, "/run/xtables.lock"),
    "device": Form(_PATH, "/dev/kvm"),
    "interface": Form(r"[^\s/]{1,15}", "eth0"),
}
#: The source of a mount.
MOUNTED = Form(_PATH, "/srv/instances")
#: The name of a volume.
VOLUME = Form(r"[a-zA-Z0-9][\w.-]*", "mariadb")
#: The size of scratch space.
SIZE = Form(r"[1-9]\d*[kmg]?", "64m")
PROPAGATIONS = ("rprivate", "rslave", "rshared")


def flaw(what: str, forms: Mapping[str, Form | None], kind: str, value: str) -> str:
    """What is wrong with a kind and its value, of which templates are not judged yet."""
    if kind not in forms:
        return f"its {what} {kind!r} does not exist{nearest(kind, forms)}"
    form = forms[kind]
    if (form is None) == bool(value):
        return f"its {what} {kind!r} {'needs a value' if form else 'takes no value'}"
    return form and misfit(f"its {what} {kind!r}", form, value) or ""


def misfit(what: str, form: Form, value: str) -> str:
    """Why a value is not of a form; nothing if it is, or still a template."""
    if "${" in value or re.fullmatch(form.pattern, value):
        return ""
    return f"{what} cannot be {value!r}; it looks like {form.example}"

"""kolla's own options."""

import functools

from oslo_config import cfg
from oslo_config.types import Dict, Float, Integer, String

from kolla.catalog.types import BYTES, ENGINE, FOLDER, SIZE


def _by_container(name: str, help: str) -> cfg.Opt:
    return cfg.Opt(name, type=Dict(value_type=Integer(min=1)), default={}, help=help)


_DEFAULT = [
    cfg.Opt(
        "state_dir", default="/var/lib/kolla", type=FOLDER,
        help="Where kolla keeps its state, archived logs and generated files.",
    ),
]

_HOST = [
    cfg.StrOpt(
        "name", sample_default="<the host's name>",
        help="The name of this host; hosts/<name>.conf is read on top of kolla.conf.",
    ),
    cfg.IPOpt(
        "address", default="127.0.0.1",
        help="The address of this host that services bind.",
    ),
    cfg.IPOpt(
        "internal_address", default="${host.address}",
        help="The address of this host for services that only other services use, such as "
             "databases and message queues. Best is one that users of the cloud cannot reach.",
    ),
    cfg.StrOpt(
        "interface",
        help="The network interface that carries the address; checked if it is set.",
    ),
    cfg.ListOpt(
        "enabled", default=[], item_type=String(),
        help="Container sets and containers that run on this host; empty means all.",
    ),
    cfg.ListOpt(
        "disabled", default=[], item_type=String(),
        help="Container sets and containers that do not run on this host.",
    ),
]

_CERTIFICATES = [
    cfg.Opt(
        "folder", type=FOLDER, sample_default="<the configuration's folder>/certificates",
        help="Where `kolla config certificates` keeps certificates and keys.",
    ),
    cfg.IntOpt(
        "days", default=365, min=1, max=825, help="How many days a new certificate is valid.",
    ),
    cfg.IntOpt(
        "renew_days", default=30, min=1,
        help="A certificate that ends within so many days is renewed by `kolla config "
             "certificates`; `kolla host check` warns of it.",
    ),
]

_BACKEND = [
    cfg.StrOpt(
        "driver", default="docker",
        help="The backend of new generations (an entry point kolla.backends): docker, for direct "
             "launch, or compose. A container moves with its next upgrade.",
    ),
]

_DOCKER = [
    cfg.Opt(
        "url", default="unix:///var/run/docker.sock", type=ENGINE,
        help="The address of the engine.",
    ),
    cfg.IntOpt(
        "timeout", default=60, min=1,
        help="Seconds to wait for an answer of the engine.",
    ),
]

_COMPOSE = [
    cfg.StrOpt(
        "project", default="kolla", regex="^[a-z0-9][a-z0-9_-]*$",
        help="The name of the compose project that kolla's containers belong to.",
    ),
    cfg.StrOpt(
        "command", default="",
        help="The compose program: docker's plugin (docker-compose) of 2.26 or newer, or "
             "docker-compose 1.29. Empty: the first suitable one found.",
    ),
]

_IMAGES = [
    cfg.StrOpt("namespace", default="kolla", help="The beginning of the names of images."),
    cfg.StrOpt(
        "base_image", default="",
        help="The image of Debian that all others are built on, as a registry has it. "
             "Empty: it is made from Debian's archive with mmdebstrap.",
    ),
    cfg.StrOpt(
        "debian_mirror", default="http://deb.debian.org/debian",
        help="The Debian archive that images are built from.",
    ),
    cfg.StrOpt(
        "pip_index", default="",
        help="The Python package index that images are built from. Empty: pip's default.",
    ),
    cfg.StrOpt(
        "ca_bundle", default="",
        help="A file with the certificates to trust while an image is built.",
    ),
    cfg.StrOpt(
        "proxy", default="", secret=True,
        help="The HTTP proxy to use while an image is built; it may hold credentials.",
    ),
    cfg.IntOpt(
        "max_age", default=30, min=0,
        help="`kolla host check` warns if the Debian packages of an image that runs here were "
             "fetched more than so many days ago. 0: it never does.",
    ),
    cfg.IntOpt("jobs", default=2, min=1, help="How many images are built at a time."),
    cfg.StrOpt(
        "docker_command", default="",
        help="The docker client that builds images. Empty: the first one on PATH that "
             "has BuildKit.",
    ),
]

_ENGINE = [
    cfg.IntOpt(
        "parallel", default=4, min=1, help="How many containers a command works on at a time.",
    ),
    cfg.IntOpt(
        "keep_generations", default=5, min=2,
        help="How many generations of a container are kept to go back to.",
    ),
    cfg.IntOpt(
        "keep_events", default=90, min=1,
        help="Days for which events are kept, with the evidence of failures. The monitor deletes"
             " older ones once a day.",
    ),
    cfg.IntOpt(
        "keep_copies", default=7, min=1,
        help="How many copies of the state file are kept below state_dir. The monitor makes one"
             " a day.",
    ),
    cfg.BoolOpt(
        "dump_before_upgrade", default=True,
        help="Whether the data of a service is dumped below state_dir before an upgrade changes"
             " its schema.",
    ),
    cfg.IntOpt(
        "probation", default=600, min=0,
        help="Seconds after an upgrade in which the monitor rolls back an unhealthy generation.",
    ),
    cfg.IntOpt(
        "lock_timeout", default=600, min=0,
        help="Seconds to wait for another kolla command on the same container, and for another"
             " host at work on the same database.",
    ),
    cfg.StrOpt(
        "selinux_label", default="",
        help="The SELinux label of containers, for example type:container_t.",
    ),
    cfg.StrOpt("apparmor_profile", default="", help="The AppArmor profile of containers."),
    cfg.Opt(
        "selinux_labels", type=Dict(value_type=String()), default={},
        help="SELinux labels by container: nova-libvirt:type:spc_t. Of others it is what their"
             " plugin says, else selinux_label.",
    ),
    cfg.Opt(
        "apparmor_profiles", type=Dict(value_type=String()), default={},
        help="AppArmor profiles by container: nova-libvirt:libvirtd. Of others it is what their"
             " plugin says, else apparmor_profile.",
    ),
]

_MONITOR = [
    cfg.StrOpt(
        "listen_address", default="${host.address}",
        help="The address at which the monitor answers load balancers, keepalived and "
             "Prometheus.",
    ),
    cfg.PortOpt("listen_port", default=9555, help="The port of the endpoint; 0 turns it off."),
    cfg.IntOpt("parallel", default=8, min=1, help="How many checks run at a time."),
    _by_container(
        "interval", "Seconds between two checks, by container: mariadb:5,keystone:10. For others "
        "the plugin says it.",
    ),
    _by_container("timeout", "Seconds a check may take, by container; of an upgrade as well."),
    _by_container(
        "retries", "Failed checks in a row that make a container unhealthy, by container.",
    ),
    _by_container(
        "grace", "Seconds from a start to the first check that passes, by container. An upgrade"
        " waits that long as well.",
    ),
    cfg.IntOpt(
        "retry_pause", default=5, min=0,
        help="Seconds from a failed check to the next one.",
    ),
    cfg.IntOpt(
        "restarts_per_hour", default=5, min=0,
        help="How often the engine and the monitor restart a container within an hour. Then it has"
             " failed, and the monitor leaves it alone until an operator acts or it recovers.",
    ),
    cfg.IntOpt(
        "backoff", default=10, min=0,
        help="Seconds before the second restart within an hour; they double for each further one.",
    ),
    cfg.IntOpt("backoff_max", default=600, min=0, help="The most seconds between two restarts."),
]

_LIMITS = [
    cfg.Opt(
        "memory", type=Dict(value_type=BYTES), default={},
        help="Memory that a container may use, by container: mariadb:8g,glance-api:2g; all: for"
             " all others. 0: no limit. For containers without an entry the plugin says it.",
    ),
    cfg.Opt(
        "pids", type=Dict(value_type=Integer(min=0)), default={},
        help="Processes and threads that a container may have, by container; 0: no limit.",
    ),
    cfg.Opt(
        "files", type=Dict(value_type=Integer(min=0)), default={},
        help="Files and sockets that each process of a container may have open, by container;"
             " 0: as many as the engine allows.",
    ),
    cfg.Opt(
        "cpus", type=Dict(value_type=Float(min=0)), default={},
        help="Processors that a container may use, by container: all:2,keystone:0.5; 0: no limit.",
    ),
]

_LOGS = [
    cfg.StrOpt(
        "driver", default="json-file",
        help="The engine's log driver: json-file, local, journald or another one. kolla reads logs"
             " from there; some drivers cannot be read.",
    ),
    cfg.DictOpt(
        "driver_options", default={},
        help="Further options of the driver, as the engine documents them: tag:{{.Name}},"
             "mode:non-blocking.",
    ),
    cfg.Opt(
        "max_size", default="50m", type=SIZE,
        help="The size at which a log file is rotated, like 800k, 50m or 1g (json-file, local).",
    ),
    cfg.IntOpt(
        "max_files", default=3, min=1,
        help="How many log files of a container are kept (json-file, local).",
    ),
    cfg.IntOpt(
        "archives", default=5, min=0,
        help="How many logs of generations whose container is gone are kept below state_dir, for"
             " each container.",
    ),
    cfg.Opt(
        "archive_size", default="8m", type=SIZE,
        help="How much of the end of each log is kept, after compression.",
    ),
]

_HOOKS = [
    cfg.ListOpt(
        "enabled", default=["log"], item_type=String(),
        help="The hooks that are told of events (entry points kolla.hooks).",
    ),
    cfg.IntOpt(
        "wait", default=15, min=0,
        help="Seconds that a command waits at its end for hooks at work. A hook that works on one"
             " event for longer is reported to hang.",
    ),
    cfg.StrOpt(
        "command", default="",
        help="The executable that the hook 'command' runs for each event, with its arguments.",
    ),
    cfg.IntOpt(
        "command_timeout", default=10, min=1,
        help="Seconds after which that executable is killed with its process group.",
    ),
]


@functools.cache
def by_group(release: str = "") -> dict[str, dict[str, cfg.Opt]]:
    """All of kolla's own options by group and by the name in a file.

    ``release`` is the one that is built and run by default.
    """
    chosen = cfg.StrOpt("release", default=release, help="The release that is built and run.")
    groups = {
        "DEFAULT": [*_DEFAULT, chosen], "host": _HOST, "certificates": _CERTIFICATES,
        "backend": _BACKEND, "docker": _DOCKER,
        "compose": _COMPOSE, "images": _IMAGES, "engine": _ENGINE, "monitor": _MONITOR,
        "limits": _LIMITS, "logs": _LOGS, "hooks": _HOOKS,
    }
    return {group: {opt.dest: opt for opt in opts} for group, opts in groups.items()}

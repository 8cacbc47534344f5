"""Options of how containers are watched: the monitor, the logs and the hooks."""

from oslo_config import cfg
from oslo_config.types import Dict, Integer, String

from kolla.catalog.types import SIZE


def _by_container(name: str, help: str) -> cfg.Opt:
    return cfg.Opt(name, type=Dict(value_type=Integer(min=1)), default={}, help=help)


MONITOR = [
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

LOGS = [
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

HOOKS = [
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

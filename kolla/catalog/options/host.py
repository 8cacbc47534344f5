"""Options of this host: its addresses, what runs on it, its files."""

from oslo_config import cfg
from oslo_config.types import String

from kolla.catalog.types import FOLDER

DEFAULT = [
    cfg.Opt(
        "state_dir", default="/var/lib/kolla", type=FOLDER,
        help="Where kolla keeps its state, archived logs and generated files.",
    ),
    cfg.StrOpt(
        "readers", default="",
        help="A group whose members may run what only looks, such as `kolla status`. They get a "
             "copy of the state without secrets. Empty: only root may look.",
    ),
    cfg.Opt(
        "readers_dir", default="/run/kolla", type=FOLDER,
        help="Where the copy for readers is: a folder below one that only root can write to.",
    ),
]

HOST = [
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
        help="Container sets and containers that run on this host; empty, or `all`, means all but "
             "the optional ones.",
    ),
    cfg.ListOpt(
        "disabled", default=[], item_type=String(),
        help="Container sets and containers that do not run on this host.",
    ),
]

CERTIFICATES = [
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

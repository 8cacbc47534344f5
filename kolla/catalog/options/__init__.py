"""kolla's own options."""

import functools
from collections.abc import Sequence

from oslo_config import cfg

from kolla.catalog.options import engine, host, watching


@functools.cache
def by_group(release: str = "") -> dict[str, dict[str, cfg.Opt]]:
    """All of kolla's own options by group and by the name in a file.

    ``release`` is the one that is built and run by default.
    """
    chosen = cfg.StrOpt("release", default=release, help="The release that is built and run.")
    groups: dict[str, Sequence[cfg.Opt]] = {
        "DEFAULT": [*host.DEFAULT, chosen],
        "host": host.HOST,
        "certificates": host.CERTIFICATES,
        "backend": engine.BACKEND,
        "docker": engine.DOCKER,
        "compose": engine.COMPOSE,
        "images": engine.IMAGES,
        "engine": engine.ENGINE,
        "monitor": watching.MONITOR,
        "limits": engine.LIMITS,
        "logs": watching.LOGS,
        "hooks": watching.HOOKS,
    }
    return {group: {opt.dest: opt for opt in opts} for group, opts in groups.items()}

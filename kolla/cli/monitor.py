"""``kolla monitor``: watches the containers of this host."""

import logging
from argparse import Namespace

from kolla.cli.base import Command
from kolla.cli.logfile import MONITOR


class Monitor(Command):
    """Watch the containers of this host, until Ctrl-C

    The monitor runs their checks on a timer, restarts unhealthy containers (with back-off and
    a budget), rolls back a new generation that does not survive its probation, and tells
    hooks. It leaves containers alone that are stopped, in maintenance, or in the hands of a
    command. SIGHUP makes it read the configuration again. systemd runs it as
    kolla-monitor.service.
    """

    example = "kolla monitor\nsystemctl status kolla-monitor"

    def take_action(self, parsed_args: Namespace) -> int | None:
        from kolla.monitor.daemon import Daemon

        is_quiet = not self.app.options.verbose_level
        level = logging.NOTSET if is_quiet else min(logging.INFO, logging.getLogger().level)
        MONITOR.setLevel(level)
        Daemon(self.app.new_deployment).run()
        return 0

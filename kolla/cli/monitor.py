"""``kolla monitor``: watches the containers of this host."""

import logging
from argparse import Namespace

from kolla.cli.base import Command


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

        if self.app.options.verbose_level:
            logger = logging.getLogger("kolla.monitor")
            logger.setLevel(min(logging.INFO, logger.getEffectiveLevel()))
            for handler in logging.getLogger().handlers:
                handler.setLevel(min(logging.INFO, handler.level))
        Daemon(self.app.new_deployment).run()
        return 0

"""``kolla start`` and the like: verbs for any node of the tree, a container or a set."""

from argparse import Namespace

from kolla.cli import action, checks, delete, logs, maintenance
from kolla.cli.which import OnNodes


class Start(OnNodes, action.Start):
    """Start containers and sets

    See `kolla set start`.
    """

    example = "kolla start keystone\nkolla start database-control glance-api"


class Stop(OnNodes, action.Stop):
    """Stop containers and sets, in reverse order

    They stay stopped, also after a reboot, until they are started again.
    """

    example = "kolla stop glance-api"
    name_required = True


class Restart(OnNodes, action.Restart):
    """Restart containers and sets

    See `kolla container restart`.
    """

    example = "kolla restart keystone"
    name_required = True


class Upgrade(OnNodes, action.Upgrade):
    """Upgrade containers and sets

    To what the configuration says, or to a release. `kolla container upgrade` and `kolla set
    upgrade` have further options.
    """

    example = "kolla upgrade --dry-run\nkolla upgrade keystone --release 2026.2"


class Rollback(OnNodes, action.Rollback):
    """Return containers and sets to an earlier state

    Each returns to its last known good generation; see `kolla container rollback`.
    """

    example = "kolla rollback keystone --dry-run"
    name_required = True


class Confirm(OnNodes, action.Confirm):
    """Confirm that the current generations stay

    This cannot be undone. See `kolla container confirm`.
    """

    example = "kolla confirm keystone"
    name_required = True


class Maintenance(OnNodes, maintenance.Maintenance):
    """Turn maintenance mode on or off

    See `kolla container maintenance`.
    """

    example = "kolla maintenance on keystone --for 10m"
    name_required = True


class Check(OnNodes, checks.Check):
    """Check the health of containers and sets now

    The exit code is 0 if all are healthy, else 1. With --quick no check runs: the answer is
    the last result of `kolla monitor`.
    """

    example = "kolla check && echo all is well"
    leftover = True


class Logs(OnNodes, logs.Logs):
    """Print the logs of containers and sets, merged by time

    `kolla container logs` can also print the log of one generation.
    """

    example = "kolla logs keystone --tail 20 --follow"
    leftover = True

    def take_action(self, parsed_args: Namespace) -> int | None:
        return self.show(parsed_args, [c.name for c in self.containers(parsed_args)])


class Delete(OnNodes, delete.Delete):
    """Delete containers and sets

    Their data stay in their volumes, and a later start finds them, unless --data is given.
    """

    example = "kolla delete glance-api --yes"
    name_required = True

"""Asking containers for their health now."""

from kolla.cli.base import Lister
from kolla.cli.values import Age, Text


class Check(Lister):
    """Runs the check of each container; exit code 1 unless all are healthy."""

    columns = ("container", "health", "generation", "detail", "checked")

    def containers(self, parsed_args) -> list:
        """The containers that the arguments name."""
        raise NotImplementedError

    def take_action(self, parsed_args):
        from kolla import actions

        found = actions.check(self.app.deployment, self.containers(parsed_args))
        self.exit_code = 0 if all(health.status == "healthy" for health in found) else 1
        return self.columns, [
            (health.container, health.status, Text(health.generation), health.detail,
             Age(health.at))
            for health in found
        ]

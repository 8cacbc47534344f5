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
        from kolla import health

        found = health.check(self.app.deployment, self.containers(parsed_args))
        self.exit_code = 0 if all(answer.status == "healthy" for answer in found) else 1
        return self.columns, [
            (answer.container, answer.status, Text(answer.generation), answer.detail,
             Age(answer.at))
            for answer in found
        ]

"""``kolla act``: what otherwise only the monitor does to a container."""

from kolla.cli.base import Command


class Act(Command):
    """Revive a container, or give it up"""

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument("kind", metavar="KIND", choices=("revive", "give up"))
        parser.add_argument("name", metavar="NAME")
        return parser

    def take_action(self, parsed_args):
        from kolla.actions.run import run
        from kolla.plans.requests import Request

        deployment, name = self.app.deployment, parsed_args.name
        request = Request(
            parsed_args.kind, [deployment.catalog.container(name)], cause="a test wants it",
            evidence="none",
            judged={name: deployment.store.container(name).current},
        )
        return 0 if run(deployment, request).ok else 1

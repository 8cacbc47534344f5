"""Commands that change the state of containers: a plan, progress, a report.

A noun (set or containers) chooses the containers; it is mixed in before one of these verbs.
"""

import textwrap
from argparse import Namespace
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from kolla.cli import plans
from kolla.cli.base import Configuration, Lister, Table
from kolla.cli.confirm import confirm
from kolla.cli.parser import Parser, completed
from kolla.cli.progress import progress
from kolla.cli.values import Span, Text
from kolla.errors import UsageError
from kolla.store.records import ActionOutcome

if TYPE_CHECKING:
    from kolla.actions.run import Report
    from kolla.actions.result import Result
    from kolla.plans.plan import Plan
    from kolla.plugin import Container


class Action(Lister):
    """Runs a request and reports the outcome for each container."""

    kind: str
    configuration = Configuration.LAST_VALID
    #: Whether it includes containers that exist but are no longer enabled on this host.
    leftover = False
    columns = ("container", "outcome", "before", "after", "seconds", "unavailable", "reason")

    def get_parser(self, prog_name: str) -> Parser:
        parser = super().get_parser(prog_name)
        parser.add_dry_run("print the plan and touch nothing")
        return parser

    def containers(self, parsed_args: Namespace) -> "list[Container]":
        """The containers that the arguments select."""
        raise NotImplementedError

    def details(self, parsed_args: Namespace) -> dict[str, Any]:
        """Further fields of the request."""
        return {}

    def titles(self, parsed_args: Namespace) -> tuple[str, ...]:
        return plans.COLUMNS if parsed_args.dry_run else self.columns

    def take_action(self, parsed_args: Namespace) -> Table:
        from kolla.actions.run import run
        from kolla.plans.plan import Kind
        from kolla.plans.requests import Request

        request = Request(
            Kind(self.kind), self.containers(parsed_args), **self.details(parsed_args)
        )
        if parsed_args.dry_run:
            report = run(self.app.deployment, request, dry_run=True)
            return self._preview(parsed_args, report)
        with progress(self.app) as observer:
            report = run(self.app.deployment, request, observer=observer)
        self._results = report.results
        self.exit_code = 0 if report.ok else 1
        return self.columns, [
            _row(result, report.plans[result.container]) for result in report.results
        ]

    def produce_output(
        self, parsed_args: Namespace, column_names: Sequence[str], data: Iterable[Sequence[Any]]
    ) -> int:
        super().produce_output(parsed_args, column_names, data)
        if not parsed_args.dry_run:
            self.app.stdout.flush()
            for result in self._results:
                for warning in result.warnings:
                    print(f"kolla: {result.container}: {warning}", file=self.app.stderr)
                if result.outcome == ActionOutcome.FAILED:
                    self._explain(result)
        return 0

    def _preview(self, parsed_args: Namespace, report: "Report") -> Table:
        self.text = plans.text(report.plans)
        return plans.COLUMNS, plans.rows(report.plans, self.app.deployment.store.records())

    def _explain(self, result: "Result") -> None:
        print(f"kolla: {result.container}: {result.reason}", file=self.app.stderr)
        if result.evidence:
            print(textwrap.indent(result.evidence.rstrip(), "  "), file=self.app.stderr)


class Start(Action):
    kind = "start"


class Forced(Action):
    """What a container may forbid."""

    def get_parser(self, prog_name: str) -> Parser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "--force", action="store_true",
            help="do it although a container says that it may not stop now",
        )
        return parser

    def details(self, parsed_args: Namespace) -> dict[str, Any]:
        return {**super().details(parsed_args), "force": parsed_args.force}


class Stop(Forced):
    kind = "stop"
    leftover = True


class Restart(Forced):
    kind = "restart"


class Upgrade(Forced):
    kind = "upgrade"
    configuration = Configuration.TODAYS

    def get_parser(self, prog_name: str) -> Parser:
        parser = super().get_parser(prog_name)
        self.choice = parser.add_mutually_exclusive_group()
        completed(self.choice.add_argument(
            "--release", metavar="RELEASE",
            help="go to this release, and pin it: stay with it until --follow-config",
        ), "releases")
        self.choice.add_argument(
            "--follow-config", action="store_true", dest="follow",
            help="end the pin of an earlier --release, --image or rollback, and go where the "
            "configuration says",
        )
        return parser

    def details(self, parsed_args: Namespace) -> dict[str, Any]:
        if parsed_args.release:
            from kolla.catalog import releases

            releases.require(self.app.deployment.installed.release_order, parsed_args.release)
            self.require_releases(self.containers(parsed_args))
        return {
            **super().details(parsed_args),
            "release": parsed_args.release, "follow": parsed_args.follow,
        }

    def require_releases(self, containers: "list[Container]") -> None:
        """Raise UsageError if none of the containers has an image for each release."""
        if not any(container.image.per_release for container in containers):
            names = ", ".join(container.name for container in containers)
            raise UsageError(
                f"--release says nothing to {names}: the image is the same for all releases",
                "leave it out, or choose an image with `kolla container upgrade NAME --image`",
            )


class Rollback(Forced):
    kind = "rollback"


class Confirm(Action):
    kind = "confirm"


class Delete(Forced):
    kind = "delete"
    leftover = True

    def get_parser(self, prog_name: str) -> Parser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "--data", action="store_true", help="delete the data in its volumes as well"
        )
        parser.add_argument(
            "--skip-tasks", action="store_true",
            help="leave what it has on the host and in other services, such as a database",
        )
        parser.add_argument("--yes", action="store_true", help="do not ask")
        return parser

    def details(self, parsed_args: Namespace) -> dict[str, Any]:
        return {
            **super().details(parsed_args),
            "data": parsed_args.data, "tasks": not parsed_args.skip_tasks,
        }

    def take_action(self, parsed_args: Namespace) -> Table:
        if not (parsed_args.yes or parsed_args.dry_run):
            self._ask(parsed_args)
        return super().take_action(parsed_args)

    def _ask(self, parsed_args: Namespace) -> None:
        containers = self.containers(parsed_args)
        what = ", ".join(container.name for container in containers) or "nothing"
        if parsed_args.data:
            what += f" and {self._data(containers, parsed_args.skip_tasks)}"
        confirm(self.app, f"deletes {what}", "nothing was deleted")

    def _preview(self, parsed_args: Namespace, report: "Report") -> Table:
        columns, rows = super()._preview(parsed_args, report)
        if parsed_args.data:
            containers = self.containers(parsed_args)
            self.text = f"{self.text}\nafterwards: delete the data in {self._volumes(containers)}"
        return columns, rows

    def _data(self, containers: "list[Container]", skip_tasks: bool) -> str:
        data = f"the data in {self._volumes(containers)}"
        if skip_tasks or not any(container.teardown for container in containers):
            return data
        return f"{data}, with databases and users in other services"

    def _volumes(self, containers: "list[Container]") -> str:
        from kolla.actions.removal import volumes_of_others

        deployment = self.app.deployment
        others = volumes_of_others(deployment.store, [container.name for container in containers])
        names = dict.fromkeys(
            name for container in containers for volume in container.volumes
            if (name := deployment.settings.render(volume.name)) not in others
        )
        return f"the volumes {', '.join(names)}" if names else "no volume"


def _row(result: "Result", plan: "Plan") -> tuple[Any, ...]:
    why = result.reason
    if not why and result.outcome == ActionOutcome.DONE:
        why = "; ".join(filter(None, [*plan.reasons, plan.held]))
    return (
        result.container, result.outcome, Text(result.before), Text(result.after),
        round(result.seconds, 1), Span(round(result.unavailable, 3)), why,
    )

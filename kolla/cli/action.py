"""Commands that change the state of containers: a plan, progress, a report.

A noun (set or containers) chooses the containers; it is mixed in before one of these verbs.
"""

import re
import textwrap
from argparse import Namespace
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from kolla.cli import plans
from kolla.cli.base import Configuration, Lister, Table, folded
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

#: Reasons that only repeat the command.
PLAIN = ("requested", "not created yet")
#: Lines of the beginning of the evidence of a failure that are printed.
FIRST = 4
#: Lines of its end that are printed.
LAST = 12
#: Between them the last lines that name an error are printed, and how many: what a server says
#: as it ends often follows the reason for it.
NAMES_ERROR = re.compile(r"\b\w*(Error|Exception)(:|$)|\b(CRITICAL|FATAL)\b")
ERRORS = 2


class Action(Lister):
    """Runs a request and reports the outcome for each container."""

    kind: str
    configuration = Configuration.LAST_VALID
    columns = ("container", "outcome", "before", "after", "seconds", "unavailable", "reason")
    brief: tuple[str, ...] = ("container", "outcome", "after", "seconds", "unavailable")
    prose = "reason"
    nothing = "no container of this host is meant"

    def get_parser(self, prog_name: str) -> Parser:
        parser = super().get_parser(prog_name)
        parser.add_dry_run("show the plan and change nothing")
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
        self._results, self._plans = report.results, report.plans
        self.exit_code = 0 if report.ok else 1
        return self.columns, [
            _row(result, report.plans[result.container]) for result in report.results
        ]

    def produce_output(
        self, parsed_args: Namespace, column_names: Sequence[str], data: Iterable[Sequence[Any]]
    ) -> int:
        """The evidence of failures first, the verdict last, where people look."""
        results = [] if parsed_args.dry_run else self._results
        failed = [one for one in results if one.outcome == ActionOutcome.FAILED]
        for result in failed:
            if result.evidence:
                print(f"kolla: {result.container}: what there was to see", file=self.app.stderr)
                print(excerpt(result.evidence), file=self.app.stderr)
        super().produce_output(parsed_args, column_names, data)
        self.app.stdout.flush()
        for result in results:
            for warning in result.warnings:
                self._complain(result, warning)
        for result in failed:
            self._complain(result, result.reason)
        if command := self._next(failed):
            print(f"  see `{command}`", file=self.app.stderr)
        return 0

    def below(self, names: Sequence[str], rows: list[Sequence[Any]]) -> list[str]:
        """Not of failures, whose reasons come last, and not what everybody knows."""
        return super().below(names, [
            row for row in rows if row[1] != ActionOutcome.FAILED and row[-1] not in PLAIN
        ])

    def _complain(self, result: "Result", what: str) -> None:
        stream = self.app.stderr
        print(folded(f"kolla: {result.container}: {what}", stream), file=stream)

    def _preview(self, parsed_args: Namespace, report: "Report") -> Table:
        text = plans.text(report.plans, self.app.options.verbose_level > 1)
        self.text = folded(text, self.app.stdout)
        return plans.COLUMNS, plans.rows(report.plans, self.app.deployment.store.records())

    def _next(self, failed: "list[Result]") -> str:
        """The command that shows more of the first failure; empty if there is none."""
        for result in failed:
            number = self._plans[result.container].after
            if result.evidence and number:
                return f"kolla container logs {result.container} --generation {number}"
        return ""


class Start(Action):
    kind = "start"


class Forced(Action):
    """What a container may forbid."""

    def get_parser(self, prog_name: str) -> Parser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "--force", action="store_true",
            help="do it even if a container says that it must not stop now",
        )
        return parser

    def details(self, parsed_args: Namespace) -> dict[str, Any]:
        return {**super().details(parsed_args), "force": parsed_args.force}


class Prepared(Action):
    """A way back, parts of which may have been done on other hosts."""

    def get_parser(self, prog_name: str) -> Parser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "--prepared", action="store_true",
            help="leave out what has to be done before a rollback where another container is: it"
            " was done on a host that has that container",
        )
        return parser

    def details(self, parsed_args: Namespace) -> dict[str, Any]:
        return {**super().details(parsed_args), "prepared": parsed_args.prepared}


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
            help="upgrade to this release, and pin it until --follow-config",
        ), "releases")
        self.choice.add_argument(
            "--follow-config", action="store_true", dest="follow",
            help="remove the pin of an earlier --release, --image or rollback, and follow the "
            "configuration",
        )
        return parser

    def details(self, parsed_args: Namespace) -> dict[str, Any]:
        if parsed_args.release is not None:
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


def excerpt(evidence: str) -> str:
    """The beginning and the end of an evidence, indented: what the check said, and the log.

    Of what is left out between them, the last lines that name an error are there.
    """
    lines = evidence.rstrip().splitlines()
    if len(lines) > FIRST + LAST + 1:
        between = lines[FIRST:-LAST]
        errors = [line for line in between if NAMES_ERROR.search(line)][-ERRORS:]
        left_out = f"... {len(between) - len(errors)} lines ..."
        lines = [*lines[:FIRST], left_out, *errors, *lines[-LAST:]]
    return textwrap.indent("\n".join(lines), "  ")


def _row(result: "Result", plan: "Plan") -> tuple[Any, ...]:
    why = result.reason
    if not why and result.outcome == ActionOutcome.DONE:
        why = "; ".join(filter(None, [*plan.reasons, plan.held]))
    return (
        result.container, result.outcome, Text(result.before), Text(result.after),
        round(result.seconds, 1), Span(round(result.unavailable, 3)), why,
    )

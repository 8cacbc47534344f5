"""``kolla host …``: the machine itself."""

from argparse import Namespace

from kolla.cli.base import Configuration, Lister, Table
from kolla.cli.parser import Parser


class Check(Lister):
    """Check that this host has what the deployment needs

    Says how to get what is missing. Looks at the engine, the kernel, ports, disks, and the
    programs that build images. Exit code 1 if something is missing without which it does not
    work.
    """

    example = "kolla host check\nkolla host check -f json"
    columns = ("check", "state", "found", "advice")
    brief = ("check", "state", "found")
    prose = "advice"

    def take_action(self, parsed_args: Namespace) -> Table:
        from kolla import host
        from kolla.host.findings import State
        from kolla.images import labels
        from kolla.plans.observe import strangers

        deployment = self.app.deployment

        def running() -> dict[str, str | None]:
            return {
                seen.container: labels.refreshed(seen.labels)
                for seen in deployment.backend.observe() if seen.running
            }

        findings = list(host.examine(deployment.settings, running, lambda: strangers(deployment)))
        if any(finding.state is State.MISSING for finding in findings):
            self.exit_code = 1
        return self.columns, [
            (finding.subject, str(finding.state), finding.found, finding.advice)
            for finding in findings
        ]


class Prepare(Lister):
    """Make what containers need of this host

    Loads modules of the kernel, sets its switches, makes and shares folders: whatever the
    plugins of enabled containers declare, and nothing else. `kolla host check` lists it with
    the reasons. Nothing of it outlives a boot: kolla-prepare.service runs this again before
    the engine starts. Exit code 1 if something is still missing without which it does not work.
    """

    example = "kolla host prepare --dry-run\nkolla host prepare"
    configuration = Configuration.LAST_VALID
    columns = ("need", "container", "outcome", "reason", "advice")
    brief = ("need", "container", "outcome")
    prose = "advice"
    nothing = "this host has all that containers need of it"

    @property
    def long(self) -> str:
        return "show all columns, and what was there before"

    def get_parser(self, prog_name: str) -> Parser:
        parser = super().get_parser(prog_name)
        parser.add_dry_run("print what would be made and touch nothing")
        return parser

    def take_action(self, parsed_args: Namespace) -> Table:
        from kolla.host import needs

        found = list(needs.prepare(self.app.deployment.settings, not parsed_args.dry_run))
        brief = parsed_args.formatter == "table" and not (parsed_args.long or parsed_args.columns)
        if any(made.fails for made in found):
            self.exit_code = 1
        return self.columns, [
            (str(made.need), made.container, made.outcome, made.need.reason, made.advice)
            for made in found if not brief or made.outcome != needs.THERE
        ]

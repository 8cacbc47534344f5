"""``kolla host …``: the machine itself."""

from kolla.cli.base import Lister


class Check(Lister):
    """Check that this host has what the deployment needs, and tell how to get it

    Looks at the engine, the kernel, ports, disks and the programs that build images.
    Exit code 1 if something is missing without which it does not work.
    """

    example = "kolla host check\nkolla host check -f json"
    columns = ("check", "state", "found", "advice")

    def take_action(self, parsed_args):
        from kolla import host
        from kolla.images import labels
        from kolla.plans.observe import strangers

        deployment = self.app.deployment

        def running() -> dict[str, str | None]:
            return {
                seen.container: labels.refreshed(seen.labels)
                for seen in deployment.backend.observe() if seen.running
            }

        findings = list(host.examine(deployment.settings, running, lambda: strangers(deployment)))
        if any(finding.state is host.State.MISSING for finding in findings):
            self.exit_code = 1
        return self.columns, [
            (finding.subject, str(finding.state), finding.found, finding.advice)
            for finding in findings
        ]

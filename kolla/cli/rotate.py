"""``kolla config rotate``: changes keys so that what they have signed stays valid."""

from argparse import Namespace
from collections.abc import Iterator
from typing import TYPE_CHECKING

from kolla.cli.base import Configuration, Lister, Table
from kolla.cli.parser import Parser, completed
from kolla.errors import UsageError, nearest

if TYPE_CHECKING:
    from kolla.deployment import Deployment
    from kolla.plans.rotation import Turn
    from kolla.plugin import Container

#: By step: what was done, and what the next one does.
DONE = {
    "stage": "has a new key, which does not sign yet",
    "sign": "signs with its new key; the earlier ones still verify",
    "drop": "has no key of before any more",
}
NEXT = {
    "stage": "once all hosts know the new key, this again: it signs",
    "sign": "`kolla container confirm {name}` on every host; once what the earlier keys have "
            "signed has expired, this again: they go",
    "drop": "nothing else: the keys are rotated",
}


class Rotate(Lister):
    """Rotate the keys of a container, in three steps

    Each call takes the next step. A new key is staged, then signs, then those before it are
    dropped. The keys are in kolla.conf.d/passwords.conf; each step has to reach every host, as
    an upgrade of the container, before the next. What would make valid things invalid is
    refused. After a command that was killed, the same one goes on.
    """

    example = "kolla config rotate keystone --dry-run\nkolla config rotate keystone"
    configuration = Configuration.TODAYS
    columns = ("group", "option", "step", "file")

    def get_parser(self, prog_name: str) -> Parser:
        parser = super().get_parser(prog_name)
        completed(parser.add_argument(
            "name", metavar="CONTAINER", help="a container with keys"
        ), "containers")
        parser.add_dry_run("only tell the step")
        return parser

    def take_action(self, parsed_args: Namespace) -> Table:
        from kolla.plans import rotation
        from kolla.plugin import numbered
        from kolla.settings import passwords
        from kolla.settings.option_values import split

        deployment, name = self.app.deployment, parsed_args.name
        turns = rotation.due(deployment, _with_keys(deployment, name))
        names = [split(turn.ring.option) for turn in turns]
        if not parsed_args.dry_run:
            passwords.replace(deployment.settings, {
                option: numbered.joined(turn.keys) for option, turn in zip(names, turns)
            })
        path = passwords.path_in(deployment.settings.config_dir)
        self.text = "\n".join(_lines(deployment, name, names, turns, parsed_args.dry_run))
        return self.columns, [
            (*option, turn.step, str(path)) for option, turn in zip(names, turns)
        ]


def _with_keys(deployment: "Deployment", name: str) -> "Container":
    known = {
        container.name: container for container in deployment.installed.containers.values()
        if container.keyrings
    }
    if name not in known:
        raise UsageError(
            f"there is no container {name!r} with keys to rotate{nearest(name, known)}",
            f"those with keys are: {', '.join(known) or 'none'}",
        )
    return known[name]


def _lines(
    deployment: "Deployment", name: str, names: list[tuple[str, str]], turns: "list[Turn]",
    dry_run: bool,
) -> Iterator[str]:
    verb = "would be: " if dry_run else ""
    for (group, option), turn in zip(names, turns):
        yield f"{verb}[{group}] {option} {DONE[turn.step]}"
    if dry_run:
        return
    if others := deployment.settings.hosts.others_with(name):
        yield f"next: the same passwords.conf on {', '.join(others)}"
    yield f"next: `kolla container upgrade {name}` on every host"
    for step in dict.fromkeys(turn.step for turn in turns):
        yield f"then: {NEXT[step].format(name=name)}"

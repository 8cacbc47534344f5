"""``kolla container diff``: what differs between two generations, or from the configuration."""

import dataclasses
from argparse import Namespace
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from kolla.cli.base import Configuration, Lister, Table, folded
from kolla.cli.details import generation_of
from kolla.cli.parser import Parser, completed, positive
from kolla.cli.plans import without_secrets
from kolla.cli.status import status
from kolla.cli.values import Text
from kolla.cli.which import OnOne
from kolla.errors import KollaError

if TYPE_CHECKING:
    from kolla.cli.status import Status
    from kolla.deployment import Deployment
    from kolla.plans.differences import Difference
    from kolla.plugin.spec import Spec

#: Lines around a changed line of a file.
AROUND = 2


@dataclasses.dataclass(frozen=True)
class Side:
    """One of the two that are compared."""

    name: str
    spec: "Spec"
    #: The fingerprint of each secret, by name.
    secrets: Mapping[str, str]


class Diff(OnOne, Lister):
    """Show the differences between two generations

    Without numbers: between what runs and what the configuration wants now. With one number:
    between that generation and the current one. Of secrets it only says that they changed.
    """

    example = ("kolla container diff keystone\nkolla container diff keystone 5\n"
               "kolla container diff keystone 5 7 -f json")
    configuration = Configuration.LAST_VALID
    columns = ("what", "name", "change", "old", "new")

    def get_parser(self, prog_name: str) -> Parser:
        parser = super().get_parser(prog_name)
        for name in ("A", "B"):
            completed(parser.add_argument(
                name.lower(), metavar=name, nargs="?", type=positive, help="a generation",
            ), "generations")
        return parser

    def take_action(self, parsed_args: Namespace) -> Table:
        deployment = self.app.deployment
        known = status(deployment, self.name(parsed_args))
        old = _generation(deployment, known, parsed_args.a)
        if parsed_args.a:
            new = _generation(deployment, known, parsed_args.b)
        else:
            new = _wanted(deployment, known)
        found = list(_compared(old, new))
        lines = [f"{known.name}: {old.name} -> {new.name}", *_lines(found)]
        self.text = folded("\n".join(lines), self.app.stdout)
        return self.columns, [
            (one.what, one.name, one.how, Text(one.old), Text(one.new)) for one in found
        ]


def _generation(deployment: "Deployment", known: "Status", number: int | None) -> Side:
    found = generation_of(deployment, known, number)
    if found is None:
        raise KollaError(
            f"{known.name} has no current generation",
            f"`kolla container show {known.name}` shows what the configuration wants; "
            f"`kolla container history {known.name}` lists generations",
        )
    return Side(f"generation {found.number}", found.snapshot, found.secrets)


def _wanted(deployment: "Deployment", known: "Status") -> Side:
    """What the next upgrade would run: the pins count."""
    from kolla.plans import desired
    from kolla.plans.observe import recorded

    deployment.configuration.require_valid()
    if known.container is None or not known.enabled:
        raise KollaError(
            f"{known.name} is left over: the configuration wants nothing of it",
            f"`kolla container diff {known.name} A B` compares two generations",
        )
    spec = desired.spec(
        deployment, known.container, recorded(deployment, known.name), preview=True
    )
    name = "what the configuration wants now"
    if known.pin:
        name += " (pinned)"
    return Side(name, spec, deployment.fingerprints.of(spec))


def _compared(old: Side, new: Side) -> "Iterator[Difference]":
    from kolla.plans.differences import Difference, compare

    for name in ("release", "version"):
        before, after = getattr(old.spec, name), getattr(new.spec, name)
        if before != after:
            yield Difference(name, "", before, after)
    yield from map(without_secrets, compare(old.spec, new.spec))
    for name in sorted({*old.secrets} & {*new.secrets}):
        if old.secrets[name] != new.secrets[name]:
            yield Difference("secret", name, "****", "****")


def _lines(found: "list[Difference]") -> "Iterator[str]":
    if not found:
        yield "  no difference"
    for one in found:
        name = f"{one.what} {one.name}".rstrip()
        old, new = one.old or "", one.new or ""
        if one.what == "secret":
            yield f"  {name}: changed"
        elif "\n" in old or "\n" in new:
            yield f"  {name}: {one.how}"
            yield from _unified(old, new)
        elif one.old is not None and one.new is not None:
            yield f"  {name}: {old} -> {new}"
        else:
            yield f"  {name}: {one.how}: {old or new}"


def _unified(old: str, new: str) -> Iterator[str]:
    """The changed lines of a text, without the names of files."""
    import difflib

    lines = difflib.unified_diff(
        old.splitlines(), new.splitlines(), n=AROUND, lineterm=""
    )
    for number, line in enumerate(lines):
        if number > 1:
            yield f"    {line}"

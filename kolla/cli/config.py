"""``kolla config …``: shows, validates and completes the configuration."""

from argparse import Namespace
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from kolla.cli.base import Command, Configuration, Fields, Lister, ShowOne, Table, folded
from kolla.cli.parser import Parser, completed
from kolla.errors import KollaError, UsageError, nearest

if TYPE_CHECKING:
    from kolla.deployment import Deployment
    from kolla.plugin import Container
    from kolla.settings import Problem, Settings


class Show(Lister):
    """Show the value of every option, and its source

    The source is a file with its line, an environment variable, the command line or the
    default. Secrets are masked.
    """

    example = "kolla config show\nkolla config show host -f json"
    configuration = Configuration.TODAYS
    columns = ("group", "option", "value", "source")

    def get_parser(self, prog_name: str) -> Parser:
        parser = super().get_parser(prog_name)
        completed(parser.add_argument(
            "group", metavar="GROUP", nargs="?",
            help="group to show, such as host or glance-api/DEFAULT (default: all)",
        ), "groups")
        return parser

    def take_action(self, parsed_args: Namespace) -> Table:
        settings = self.app.deployment.settings
        rows = [*_own_rows(settings), *_service_rows(settings)]
        wanted, known = parsed_args.group, groups(settings)
        if wanted and wanted not in known:
            raise UsageError(
                f"there is no group [{wanted}]{nearest(wanted, known)}",
                f"the groups are: {', '.join(known)}",
            )
        return self.columns, [row for row in rows if wanted in (None, row[0])]


class Validate(Lister):
    """Check the configuration without touching anything

    Names every problem with its file and line. Once the image of a service is built, the
    options of the service are checked against the list in it. Exit code 1 if there is a
    problem.
    """

    example = "kolla config validate\nkolla config validate -f json"
    columns = ("kind", "file", "line", "message")

    def take_action(self, parsed_args: Namespace) -> Table:
        from kolla.settings import Invalid, Problem

        deployment = self.app.new_deployment()
        problems = [
            Problem(f"plugin {error.name!r} of {error.distribution!r}", None, error.message)
            for error in deployment.installed.errors
        ]
        notes: list[Problem] = []
        try:
            problems += deployment.settings.problems(_KnownOptions(deployment, notes))
            notes += [note for note in deployment.settings.notes() if note not in problems]
        except Invalid as error:
            problems += error.problems
        self.exit_code = 1 if problems else 0
        found = [("problem", item) for item in problems] + [("note", item) for item in notes]
        lines = [str(item) if kind == "problem" else f"note: {item}" for kind, item in found]
        lines += [] if problems else ["the configuration is valid"]
        self.text = folded("\n".join(lines), self.app.stdout)
        return self.columns, [(kind, item.file, item.line, item.message) for kind, item in found]


class Sample(Command):
    """Print a sample kolla.conf with every option"""

    example = "kolla config sample > kolla.conf.sample"

    def take_action(self, parsed_args: Namespace) -> int | None:
        from kolla.settings import sample

        sample.write(self.app.stdout)
        return 0


class Passwords(Lister):
    """Fill in the secrets that are missing

    They go to kolla.conf.d/passwords.conf, which only its owner can read. Secrets that any
    file sets stay as they are. Keys that a container of this host has made by itself, under
    an earlier kolla, are taken over. Values are never printed.
    """

    example = "kolla config passwords --dry-run\nkolla config passwords"
    configuration = Configuration.TODAYS
    columns = ("group", "option", "file")

    def get_parser(self, prog_name: str) -> Parser:
        parser = super().get_parser(prog_name)
        parser.add_dry_run("only tell which ones are missing")
        return parser

    def take_action(self, parsed_args: Namespace) -> Table:
        from kolla.settings import passwords

        settings = self.app.deployment.settings
        path, found = passwords.path_in(settings.config_dir), _keys_made(self.app.deployment)
        if parsed_args.dry_run:
            names, verbs = passwords.missing(settings), ("would fill in", "would take over")
        else:
            names, verbs = passwords.fill_in(settings, found), ("filled in", "took over")
            passwords.replace(settings, {n: text for n, text in found.items() if n not in names})
        names = sorted({*names, *found})
        lines = [f"{verbs[name in found]} [{name[0]}] {name[1]}" for name in names]
        self.text = "\n".join([*lines, f"in {path}"] if names else ["no secret is missing"])
        return self.columns, [(group, option, str(path)) for group, option in names]


class Certificates(Lister):
    """Make certificates that are missing or end soon

    They go below [certificates] folder; only the owner can read the keys. Certificates that an
    option names elsewhere stay as they are. A container gets new ones with its next upgrade.
    """

    example = "kolla config certificates --dry-run\nkolla config certificates --renew"
    configuration = Configuration.TODAYS
    columns = ("container", "certificate", "reason")

    def get_parser(self, prog_name: str) -> Parser:
        parser = super().get_parser(prog_name)
        parser.add_dry_run("only tell what is due")
        parser.add_argument(
            "--renew", action="store_true", help="make all certificates of this host anew"
        )
        return parser

    def take_action(self, parsed_args: Namespace) -> Table:
        from kolla.settings import certificates

        settings = self.app.deployment.settings
        act = certificates.due if parsed_args.dry_run else certificates.make
        found = act(settings, parsed_args.renew)
        verb = "would make" if parsed_args.dry_run else "made"
        lines = [f"{verb} {item.path}: {item.reason}" for item in found]
        self.text = "\n".join(lines or ["no certificate is due"])
        return self.columns, [(item.container, str(item.path), item.reason) for item in found]


class Environment(ShowOne):
    """Show the environment that a container gets

    Every value comes from options alone. Secrets are masked.
    """

    example = "kolla config environment keystone\nkolla config environment keystone -f json"
    configuration = Configuration.TODAYS

    def get_parser(self, prog_name: str) -> Parser:
        parser = super().get_parser(prog_name)
        completed(parser.add_argument(
            "name", metavar="CONTAINER", help="a container"
        ), "containers")
        return parser

    def take_action(self, parsed_args: Namespace) -> Fields:
        from kolla.cli.selection import Selection
        from kolla.settings import templates

        deployment = self.app.deployment
        name = Selection(deployment).today(parsed_args.name)
        variables = deployment.settings.environment(deployment.installed.container(name))
        return tuple(variables), tuple(map(templates.masked, variables.values()))


def _keys_made(deployment: "Deployment") -> dict[tuple[str, str], str]:
    """By option: the keys to take over from containers of this host."""
    from kolla.plans import keyrings
    from kolla.plugin import numbered
    from kolla.settings.option_values import split
    from kolla.store.state_dir import StateDir

    if not StateDir(deployment.state_dir).database.exists():
        return {}
    return {
        split(ring.option): numbered.joined(keys)
        for ring, keys in keyrings.to_take_over(deployment)
    }


class _KnownOptions:
    """Finds the option list of a container's image, or records why there is none."""

    def __init__(self, deployment: "Deployment", notes: "list[Problem]"):
        self.deployment, self.notes = deployment, notes

    def __call__(self, container: "Container") -> Mapping | None:
        from kolla.images.options import known_options

        try:
            known = known_options(self.deployment, container)
            reason = "its image is not built" if known is None else ""
        except KollaError as error:
            known, reason = None, error.message
        if reason:
            from kolla.settings import Problem

            place = next(iter(self.deployment.settings.service_options(container).values()))
            message = f"options of {container.name} are not checked: {reason}"
            self.notes.append(Problem(place.file, place.line, message))
        return known


def groups(settings: "Settings") -> list[str]:
    """The groups of kolla's own options, and those of services that are set."""
    return sorted({*settings.options, *(group for group, *_ in _service_rows(settings))})


def _own_rows(settings: "Settings") -> Iterator[tuple[str, str, str, str]]:
    from kolla.settings import Invalid, templates

    for group, opts in settings.options.items():
        for option in opts:
            origin = settings.origin(group, option)
            try:
                text = templates.as_text(settings.value(group, option))
            except Invalid:
                text = origin.text if origin else ""
            if text and settings.is_secret(group, option):
                text = templates.MASK
            yield group, option, text, str(origin or "default")


def _service_rows(settings: "Settings") -> Iterator[tuple[str, str, str, str]]:
    from kolla.settings import templates

    shown = set()
    for container in settings.catalog.containers.values():
        for (section, option), given in settings.service_options(container).items():
            secret = settings.hides(given.owner, section, option, given.text)
            source = f"{given.file}:{given.line}" if given.line else given.file
            row = (f"{given.owner}/{section}", option,
                   templates.MASK if secret else given.text, source)
            if row not in shown:
                yield row
            shown.add(row)

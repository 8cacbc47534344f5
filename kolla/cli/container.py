"""``kolla container …``: containers, the leaves of the tree."""

import argparse
import os
import sys
from argparse import Namespace
from typing import TYPE_CHECKING, Any

from kolla.cli import action, checks, delete, logs, maintenance
from kolla.cli.base import Command, Configuration, Fields, ShowOne
from kolla.cli.details import FIELDS, generation_of, shortened, values
from kolla.cli.parser import Parser, completed, positive
from kolla.cli.status import status
from kolla.cli.which import OnContainers, OnOne
from kolla.errors import KollaError, UsageError

if TYPE_CHECKING:
    from kolla.plugin import Container


class Show(OnOne, ShowOne):
    """Show a container: what it runs, privileges, health

    For a container that exists, it shows the snapshot of the current generation;
    --generation shows another one. For a container that does not exist yet, it shows what the
    configuration asks for. Secrets appear as references. Of the evidence of a failure it shows
    the first line; --evidence, or --long, shows all.
    """

    example = "kolla container show keystone\nkolla container show keystone --generation 3"
    columns = FIELDS

    def get_parser(self, prog_name: str) -> Parser:
        parser = super().get_parser(prog_name)
        completed(parser.add_argument(
            "--generation", metavar="NUMBER", type=positive,
            help="generation to show (default: current)",
        ), "generations")
        parser.add_argument(
            "--evidence", action="store_true",
            help="show the whole evidence of the last failure: check, engine, log",
        )
        return parser

    def take_action(self, parsed_args: Namespace) -> Fields:
        deployment = self.app.deployment
        known = status(deployment, self.name(parsed_args))
        chosen = generation_of(deployment, known, parsed_args.generation)
        whole = parsed_args.formatter != "table" or parsed_args.evidence or parsed_args.long
        found = values(deployment, known, chosen)
        return self.columns, found if whole else shortened(found)


class Start(OnContainers, action.Start):
    """Start containers

    Makes containers that are missing and starts those that are stopped. A container that runs
    is left alone even if the configuration has changed.
    """

    example = "kolla container start keystone glance-api"


class Stop(OnContainers, action.Stop):
    """Stop containers

    They stay stopped, also after a reboot, until they are started again.
    """

    example = "kolla container stop glance-api"


class Restart(OnContainers, action.Restart):
    """Restart containers

    An HTTP service is handed over to a new generation of the same spec: no request is lost. A
    worker that can be is relieved by one.
    """

    example = "kolla container restart keystone"


class Upgrade(OnContainers, action.Upgrade):
    """Upgrade containers to the configured state

    Or to a release or an image. Atomic: if the new generation does not pass its check, the old
    one runs on, or again, and the report shows why. `kolla plan` shows beforehand what would
    change.
    """

    example = ("kolla container upgrade keystone --release 2026.2\n"
               "kolla container upgrade keystone --follow-config\n"
               "kolla container upgrade glance-api --dry-run")

    def get_parser(self, prog_name: str) -> Parser:
        parser = super().get_parser(prog_name)
        self.choice.add_argument(
            "--image", metavar="REFERENCE",
            help="run this image, and pin it: stay with it until --follow-config",
        )
        return parser

    def details(self, parsed_args: Namespace) -> dict[str, Any]:
        if parsed_args.image is not None:
            if not parsed_args.image:
                raise UsageError("--image is empty", "name an image, or leave the option out")
            self.only_one(parsed_args, "--image")
        return {**super().details(parsed_args), "image": parsed_args.image}

    def require_releases(self, containers: "list[Container]") -> None:
        for container in containers:
            super().require_releases([container])


class Rollback(OnContainers, action.Prepared, action.Rollback):
    """Return containers to an earlier generation

    To the last known good one, unless --to names another. It is a new generation that
    runs what the earlier one ran, with the secrets of today. It is pinned to the release it
    went back to (within one release, to the image) until `kolla container upgrade NAME
    --follow-config`.
    """

    example = "kolla container rollback keystone\nkolla container rollback keystone --to 5"

    def get_parser(self, prog_name: str) -> Parser:
        parser = super().get_parser(prog_name)
        completed(parser.add_argument(
            "--to", metavar="GENERATION", type=positive,
            help="generation to return to (default: the last known good one)",
        ), "ways back")
        return parser

    def details(self, parsed_args: Namespace) -> dict[str, Any]:
        found = super().details(parsed_args)
        if parsed_args.to:
            self.only_one(parsed_args, "--to")
            (container,) = self.containers(parsed_args)
            deployment = self.app.deployment
            known = status(deployment, container.name)
            if known.generation:  # else the state file is lost, and the engine may know it
                generation_of(deployment, known, parsed_args.to)
            found["targets"] = {container.name: parsed_args.to}
        return found


class Confirm(OnContainers, action.Confirm):
    """Confirm that the current generation stays

    This cannot be undone. Once every host that shares the database has confirmed, the parts of
    its schema that only earlier releases needed are removed. After that there is no way back to
    these releases. The command may be repeated.
    """

    example = "kolla container confirm keystone"


class Maintenance(OnContainers, maintenance.Maintenance):
    """Turn maintenance mode on or off

    During a maintenance the monitor runs the checks, but neither restarts nor rolls back.
    """

    example = ("kolla container maintenance on keystone --for 10m\n"
               "kolla container maintenance off keystone")


class Check(OnContainers, checks.Check):
    """Check the health of containers now

    The exit code is 0 if all are healthy, else 1. With --quick no check runs: the answer is
    the last result of `kolla monitor`.
    """

    example = "kolla container check keystone && echo it is well"


class Logs(OnOne, logs.Logs):
    """Print the log of a container

    That is what it wrote to its standard output and error, in all its generations, by time.
    Logs of generations that are gone are kept as [logs] in kolla.conf says. --follow goes on
    until Ctrl-C, through upgrades and restarts.
    """

    example = ("kolla container logs keystone --tail 20 --follow\n"
               "kolla container logs keystone --since 2h --grep 'ERROR|CRITICAL'\n"
               "kolla container logs keystone --generation 3")

    def get_parser(self, prog_name: str) -> Parser:
        parser = super().get_parser(prog_name)
        completed(parser.add_argument(
            "--generation", metavar="NUMBER", type=positive,
            help="show only the log of this generation",
        ), "generations")
        return parser

    def take_action(self, parsed_args: Namespace) -> int | None:
        name, number = self.name(parsed_args), parsed_args.generation
        deployment = self.app.deployment
        if number and number not in deployment.archive.generations(name):
            generation_of(deployment, status(deployment, name), number)
        return self.show(parsed_args, [name], number)


class Exec(OnOne, Command):
    """Run a command inside a container, or a shell

    The command comes after --; its exit code becomes kolla's.
    """

    example = "kolla container exec keystone -- keystone-manage db_version"
    configuration = Configuration.LAST_VALID

    def get_parser(self, prog_name: str) -> Parser:
        parser = super().get_parser(prog_name)
        parser.usage = f"{prog_name} NAME [-- COMMAND [ARGUMENT ...]]"
        parser.add_argument(
            "words", metavar="COMMAND", nargs=argparse.REMAINDER,
            help="the command and its arguments (default: bash)",
        )
        return parser

    def take_action(self, parsed_args: Namespace) -> int | None:
        from kolla.cli.shell import command_line

        # Python 3.11 removes the --, later versions leave it.
        words = parsed_args.words[parsed_args.words[:1] == ["--"]:] or ["bash"]
        terminal = sys.stdin.isatty() and sys.stdout.isatty()
        command = command_line(
            self.app.deployment, self.name(parsed_args), tuple(words), terminal
        )
        try:
            os.execvp(command[0], command)
        except OSError as error:
            raise KollaError(f"{command[0]} cannot be run: {error.strerror}") from None


class Delete(OnContainers, delete.Delete):
    """Delete containers

    Their data stay in their volumes, and a later start finds them, unless --data is given.
    The numbers of generations go on from the last one.
    """

    example = "kolla container delete glance-api --yes"

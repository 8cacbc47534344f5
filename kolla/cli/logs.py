"""Prints logs of containers: each line with its time and its container."""

import argparse
import datetime
import itertools
import os
import re
import time
from argparse import Namespace
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from kolla.cli.base import Command, Configuration
from kolla.cli.parser import UNITS, Parser, count
from kolla.errors import KollaError

if TYPE_CHECKING:
    from kolla.logs.lines import Line, Query

#: The colours of the names on a terminal.
_COLOURS = (36, 33, 32, 35, 34, 96, 93, 92, 95, 94)


class Logs(Command):
    """Options and printing of ``container logs`` and ``set logs``."""

    configuration = Configuration.LAST_VALID

    def get_parser(self, prog_name: str) -> Parser:
        parser = super().get_parser(prog_name)
        ending = parser.add_mutually_exclusive_group()
        ending.add_argument(
            "-f", "--follow", action="store_true",
            help="go on with what is written from now on, also by later generations",
        )
        ending.add_argument(
            "--until", metavar="TIME", type=moment, help="show only lines before this time"
        )
        parser.add_argument(
            "--tail", metavar="LINES", type=count,
            help="show only the last LINES of each container",
        )
        parser.add_argument(
            "--since", metavar="TIME", type=moment,
            help="show only lines after this time: 10m, 2h, 1d ago, or 2026-05-01T12:00",
        )
        parser.add_argument(
            "--grep", metavar="REGEX", type=pattern,
            help="show only lines that match this regular expression; prefix it with (?i) to "
            "ignore case",
        )
        return parser

    def show(
        self, parsed_args: Namespace, names: Collection[str], generation: int | None = None
    ) -> int:
        """Print the logs of these containers; the exit code is 1 if one could not be read."""
        from kolla.logs.lines import Query

        nothing = parsed_args.tail == 0
        query = Query(
            time.time() if nothing else parsed_args.since, parsed_args.until,
            None if nothing else parsed_args.tail, parsed_args.grep, generation,
        )
        try:
            lines = self._lines(names, query, parsed_args.follow)
            self._print(lines, names, flush=parsed_args.follow)
        except KeyboardInterrupt:
            if not parsed_args.follow:  # with --follow, Ctrl-C is the way to end it
                return 1
        return int(bool(self.app.deployment.logs.failed))

    def _lines(self, names: Collection[str], query: "Query", follow: bool) -> "Iterator[Line]":
        sources = self.app.deployment.logs
        known = sources.of(names, query.generation)
        if not known and (query.generation or not follow):
            raise self._missing(names, query.generation)
        yield from sources.written(known, query)
        if follow:
            from kolla.logs.follow import Follower

            yield from Follower(sources, names, query).lines(known)

    def _missing(self, names: Collection[str], generation: int | None) -> KollaError:
        """The error if there is no log at all."""
        if generation:
            return KollaError(
                f"there is no log of generation {generation} of {', '.join(names)}",
                "it wrote nothing, or [logs] archives and archive_size keep too little",
            )
        return KollaError(
            f"there is no log of {', '.join(names) or 'anything'} yet",
            "`kolla container list` shows what was started",
        )

    def _print(self, lines: "Iterator[Line]", names: Collection[str], flush: bool) -> None:
        out, width = self.app.stdout, max(map(len, names), default=0)
        labels = {name: f"{name:<{width}} |" for name in names}
        if out.isatty() and not os.environ.get("NO_COLOR"):
            labels = {
                name: f"\x1b[{colour}m{label}\x1b[0m"
                for (name, label), colour in zip(labels.items(), itertools.cycle(_COLOURS))
            }
        for line in lines:
            print(f"{line.at[:23]}Z {labels[line.container]} {line.text}", file=out, flush=flush)


def pattern(text: str) -> re.Pattern:
    """The type of --grep."""
    try:
        return re.compile(text)
    except (re.error, RecursionError, OverflowError) as error:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a regular expression: {error}"
        ) from None


def moment(text: str) -> float:
    """The type of --since: seconds since the epoch, from ``10m`` (ago) or an ISO time.

    An ISO time without a zone is local.
    """
    ago = re.fullmatch(r"(\d+)([smhd])", text, re.ASCII)
    try:
        if ago:
            return max(0.0, time.time() - int(ago[1]) * UNITS[ago[2]])
        return max(0.0, datetime.datetime.fromisoformat(text).timestamp())
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(
            f"{text!r} is neither a time like 2026-05-01T12:00 nor an age like 10m, 2h or 1d"
        ) from None

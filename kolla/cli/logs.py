"""What containers wrote, each line as it came or all of them merged by time."""

import argparse
import datetime
import heapq
import queue
import re
import threading
import time
from collections.abc import Iterator

from kolla.cli.base import Command

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class Logs(Command):
    """Options and printing of ``container logs`` and ``set logs``."""

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "-f", "--follow", action="store_true", help="go on with what is written from now on"
        )
        parser.add_argument(
            "--tail", metavar="LINES", type=int, help="only the last lines of each container"
        )
        parser.add_argument(
            "--since", metavar="TIME", type=moment,
            help="only after this: 10m, 2h, 1d ago, or a time like 2026-05-01T12:00",
        )
        parser.add_argument("--until", metavar="TIME", type=moment, help="only before this")
        parser.add_argument(
            "--timestamps", action="store_true", help="put the time in front of each line"
        )
        return parser

    def lines(self, parsed_args, name: str, generation: int | None = None) -> Iterator:
        """(time, name, line) of one container."""
        found = self.app.deployment.logs(
            name, tail=parsed_args.tail, since=parsed_args.since, until=parsed_args.until,
            follow=parsed_args.follow, generation=generation,
        )
        for at, line in found:
            yield at, name, line

    def show(self, parsed_args, lines: Iterator, width: int = 0) -> None:
        """Print them, with the name in front if it is given a width."""
        try:
            for at, name, line in lines:
                prefix = f"{at} " if parsed_args.timestamps else ""
                label = f"{name:<{width}} | " if width else ""
                print(f"{prefix}{label}{line}", file=self.app.stdout, flush=parsed_args.follow)
        except KeyboardInterrupt:
            if not parsed_args.follow:  # else it is the only way to end it
                raise


def merged(sources: list[Iterator], follow: bool) -> Iterator:
    """Several containers' lines in one stream: by time, or as they come if followed."""
    return _as_they_come(sources) if follow else heapq.merge(*sources)


def _as_they_come(sources: list[Iterator]) -> Iterator:
    arrivals: queue.SimpleQueue = queue.SimpleQueue()

    def pump(source: Iterator) -> None:
        try:
            for item in source:
                arrivals.put(item)
        except Exception as error:
            arrivals.put(error)
        arrivals.put(None)

    for source in sources:
        threading.Thread(target=pump, args=(source,), daemon=True).start()
    running = len(sources)
    while running:
        item = arrivals.get()
        if item is None:
            running -= 1
        elif isinstance(item, Exception):
            raise item
        else:
            yield item


def moment(text: str) -> float:
    """The type of --since: seconds since the epoch, from ``10m`` (ago) or an ISO time.

    An ISO time without a zone is local.
    """
    ago = re.fullmatch(r"(\d+)([smhd])", text)
    if ago:
        return time.time() - int(ago[1]) * _UNITS[ago[2]]
    try:
        return datetime.datetime.fromisoformat(text).timestamp()
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is neither a time like 2026-05-01T12:00 nor an age like 10m, 2h or 1d"
        ) from None

"""``kolla status``: one screen about the whole deployment."""

import shutil
import sys
import textwrap
import time
from argparse import Namespace
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from kolla.cli import colour
from kolla.cli.base import Configuration, Lister, Table
from kolla.cli.parser import Parser
from kolla.cli.values import Age, age, moment
from kolla.errors import UsageError

if TYPE_CHECKING:
    from kolla.cli.matters import Matter
    from kolla.health.asking import Health

#: Seconds between two looks with --watch.
PAUSE = 2
#: Seconds between two looks at what only the engine knows.
ENGINE_PAUSE = 60
#: How many entries each part has; what waits fills the rest of the screen, and has at least 2.
MOST = 4
#: Lines of the screen besides the three of each entry that waits.
OTHERS = 2 * MOST + 9
#: Columns before the text of an entry.
INDENT = 16


class Status(Lister):
    """Show how the deployment is, what happened, what waits

    One screen: the last known health of all containers, the events of the last day, and what
    waits for you: pins, upgrades to confirm, drift from the configuration, certificates that
    end, disks that fill up, images that are old, and a configuration that is not valid. Exit
    code 1 if something is not well.
    """

    example = "kolla status\nkolla status --watch\nkolla status -f json"
    configuration = Configuration.LAST_VALID
    columns = ("topic", "subject", "state", "text", "at", "command")

    def get_parser(self, prog_name: str) -> Parser:
        parser = super().get_parser(prog_name)
        parser.add_argument("--long", action="store_true", help="show everything, cut nothing")
        parser.add_argument("--watch", action="store_true", help="refresh until Ctrl-C")
        parser.add_argument(
            "--quick", action="store_true", help="do not ask the engine: leave out drift"
        )
        return parser

    def run(self, parsed_args: Namespace) -> int:
        return self._watch(parsed_args) if parsed_args.watch else super().run(parsed_args)

    def take_action(self, parsed_args: Namespace) -> Table:
        from kolla.cli import matters

        deployment = self.app.deployment
        of_engine = [] if parsed_args.quick else list(matters.of_engine(deployment))
        found, known = self._look(parsed_args, of_engine)
        return self.columns, [
            (one.topic, one.subject, one.state, one.text, Age(one.at), one.command)
            for one in found
        ]

    def _look(
        self, parsed_args: Namespace, of_engine: "list[Matter]"
    ) -> "tuple[list[Matter], list[Health]]":
        from kolla.cli import matters

        deployment = self.app.deployment
        known = matters.healths(deployment)
        broken = list(matters.configuration(deployment))
        ill = list(matters.not_well(known))
        waiting = [*broken, *matters.waiting(deployment), *of_engine]
        found = [*ill, *matters.lately(deployment), *waiting]
        self.exit_code = 1 if broken or ill else 0
        screen = Screen(deployment.settings.host, known, found, parsed_args.utc,
                        colour.wanted(self.app.stdout), parsed_args.long)
        self.text = "\n".join(screen.lines())
        return found, known

    def _watch(self, parsed_args: Namespace) -> int:
        if not sys.stdout.isatty():
            raise UsageError("--watch needs a terminal", "without it the status is printed once")
        from rich.console import Console
        from rich.live import Live
        from rich.text import Text

        from kolla.cli import matters

        deployment = self.app.deployment
        due, of_engine = 0.0, list[matters.Matter]()
        with Live(console=Console(file=sys.stdout), screen=True, auto_refresh=False) as live:
            try:
                while True:
                    deployment.store.follow()
                    self._look(parsed_args, of_engine)
                    live.update(Text.from_ansi(self.text or ""), refresh=True)
                    if not parsed_args.quick and time.monotonic() > due:
                        of_engine = list(matters.of_engine(deployment))
                        due = time.monotonic() + ENGINE_PAUSE
                    else:
                        time.sleep(PAUSE)
            except KeyboardInterrupt:
                return 0


class Screen:
    """The text of the status."""

    def __init__(
        self, host: str, known: "list[Health]", found: "list[Matter]", utc: bool, colours: bool,
        everything: bool,
    ):
        self._host, self._known, self._found, self._all = host, known, found, everything
        self._utc, self._colours = utc, colours
        size = shutil.get_terminal_size()
        self._width, self._most = size.columns, max(2, (size.lines - OTHERS) // 3)

    def lines(self) -> Iterator[str]:
        ill = [one for one in self._found if one.topic == "health"]
        events = [one for one in self._found if one.topic == "event"]
        waiting = [one for one in self._found if one.topic not in ("health", "event")]
        yield self._verdict(ill)
        yield from self._part(ill, MOST, "kolla set tree")
        yield ""
        yield "Last 24 hours" if events else "Nothing happened in the last 24 hours"
        yield from self._part(events, MOST, "kolla event list --since 1d")
        yield ""
        yield "Waiting for you" if waiting else "Nothing waits for you"
        yield from self._part(waiting, self._most, "kolla status --long")

    def _verdict(self, ill: "list[Matter]") -> str:
        if not self._known:
            return f"{self._host}: no container is enabled on this host"
        if not ill:
            return self._painted("healthy", f"{self._host}: all {len(self._known)} containers "
                                 "are healthy") + self._checked()
        counts = Counter(one.state for one in ill)
        how = ", ".join(f"{count} {state}" for state, count in counts.most_common())
        healthy = len(self._known) - len(ill)
        return self._painted(
            counts.most_common(1)[0][0],
            f"{self._host}: {healthy} of {len(self._known)} containers are healthy, {how}",
        )

    def _checked(self) -> str:
        oldest = min((one.at or "" for one in self._known), default="")
        return f" (checked {age(oldest)})" if oldest else ""

    def _part(self, found: "list[Matter]", most: int, command: str) -> Iterator[str]:
        shown = found if self._all else found[:most]
        for one in shown:
            yield from self._entry(one)
        if others := len(found) - len(shown):
            yield f"  and {others} more: `{command}`"

    def _entry(self, one: "Matter") -> Iterator[str]:
        """What, how, when, and its text as far as that fits; below it the command."""
        waits = one.topic not in ("health", "event")
        word = one.topic if waits else one.state
        when = (moment(one.at) if self._utc else age(one.at)) if one.topic == "event" else ""
        subject = one.subject if one.subject != word else ""
        rest = ": ".join(filter(None, (when, one.text)))
        text = "  ".join(filter(None, (subject, rest)))
        first, *others = self._fitting(f"  {word:<{INDENT - 3}} {text}", 2 if waits else 1)
        yield first.replace(word, self._painted(one.state, word), 1)
        yield from others
        if waits and one.command:
            yield from self._fitting(f"{'':<{INDENT}}{_as_command(one.command)}", 1)

    def _fitting(self, line: str, most: int) -> list[str]:
        """The line as at most so many lines of the screen."""
        if self._all or len(line) <= self._width:
            return [line]
        return textwrap.wrap(
            line, self._width, subsequent_indent=" " * INDENT, max_lines=most, placeholder=" ..."
        )

    def _painted(self, word: str, text: str) -> str:
        return colour.painted(word, text) if self._colours else text


def _as_command(text: str) -> str:
    return f"`{text}`" if text.startswith("kolla ") and ";" not in text else text

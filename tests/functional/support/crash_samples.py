"""Points of commands, chosen by a seeded chance, for accidents that cost more than a kill."""

import itertools
import os
import random
from collections.abc import Callable, Iterator

from tests.functional.support import crash
from tests.functional.support.crash import Child
from tests.functional.support.crash_points import Point, cuts
from tests.functional.support.crash_rounds import COMMANDS
from tests.functional.support.crash_world import World

#: ``all``: no samples, but every state of the world that a command goes through.
EVERYTHING = os.environ.get("KOLLA_TEST_CRASH") == "all"
CHOSEN = (
    "start", "start-again", "stop", "restart", "upgrade", "refused-upgrade", "rollback",
    "delete", "recover-after-commit",
)
#: How many of these an accident happens to without ``--all``, at one point of each.
FEW = 2


class Samples:
    """Knows where the commands can be cut, each found out once."""

    def __init__(self, world: World, exhaustive: bool):
        self.world, self._exhaustive = world, exhaustive
        self._found: dict[str, list[Point]] = {}

    def cuts(self, name: str) -> list[Point]:
        if name not in self._found:
            command = COMMANDS[name]
            command.prepare(self.world)
            ended = self.world.kolla(
                *command.arguments(self.world), expect=command.exit_code
            )
            self._found[name] = cuts(ended.points)
        return self._found[name]

    def choose(self, seed: str, of_each: int) -> Iterator[tuple[str, Point]]:
        """(command, point) pairs: so many of each command."""
        chance = random.Random(f"{seed} {self.world.container}")
        for name in CHOSEN if self._exhaustive else chance.sample(CHOSEN, FEW):
            cuts = self.cuts(name)
            wanted = of_each if self._exhaustive else 1
            count = len(cuts) if EVERYTHING else min(wanted, len(cuts))
            yield from zip(itertools.repeat(name), chance.sample(cuts, count))

    def stopped(
        self, seed: str, of_each: int, action: Callable[[], None] = crash.stop
    ) -> Iterator[tuple[str, Child]]:
        """Commands that stand still where something is to happen to the world.

        What comes with each tells which command, and where. Instead of standing still it
        may do something to itself there.
        """
        missed = 0
        chosen = list(self.choose(seed, of_each))
        for name, point in chosen:
            command = COMMANDS[name]
            command.prepare(self.world)
            arguments = command.arguments(self.world)
            child = self.world.tool.begin(*arguments, trap=point, action=action)
            if action is not crash.stop or child.trapped():
                yield f"{name} at {point}", child
            else:
                missed += 1
                child.wait()
        assert missed <= len(chosen) / 4, f"{missed} of {chosen} were not come by"

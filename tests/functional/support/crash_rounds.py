"""Every command that changes state, killed at every point, and what becomes of it.

As a program it puts one container through it and writes a line of JSON for each command.
``3`` is at how many points each is killed at most; 0: at all of them::

    python -m tests.functional.support.crash_rounds FOLDER ADDRESS BACKEND 3 synthetic-http stop
"""

import dataclasses
import itertools
import json
import os
import pathlib
import random
import sys
import time
import traceback
from collections.abc import Callable

from kolla.store.records import ABSENT, RUNNING
from tests.functional.conftest import SYNTHETIC
from tests.functional.support import backends, crash
from tests.functional.support.crash_held import HeldWorld
from tests.functional.support.crash_points import Point, cuts
from tests.functional.support.crash_world import World
from tests.functional.support.engine import Engine
from tests.functional.support.harness import Deployment

#: ``all``: also the points between which nothing changes, each by itself.
EVERY_POINT = os.environ.get("KOLLA_TEST_CRASH") == "all"
#: After how many runs what is kept of earlier generations has come to rest.
BEFOREHAND = 3
#: How many failures of one command are shown before it is given up.
ENOUGH = 5
RELEASES = ("2026.1", "2026.2")
#: Of containers that listen, or would: two of them may be put through commands at a time.
PORTS = {"synthetic-http": 18999, "synthetic-worker": 18998, "synthetic-database": 18996}
#: Seconds into a call of the engine at which its client dies.
MOMENTS = (0.002, 0.01, 0.03, 0.08)


@dataclasses.dataclass(frozen=True)
class Command:
    """A command and the state it begins in; ``arguments`` may look at the world first."""

    prepare: Callable[[World], None]
    arguments: Callable[[World], tuple[str, ...]]
    #: With which exit code it ends if nothing happens to it.
    exit_code: int = 0
    #: Whether running it once more is a way to recover; else only ``recover`` is.
    repeatable: bool = True
    #: Only points before this operation: the later ones are those of another command.
    until: str = ""
    #: Whether a container that is absent afterwards has no data any more.
    erases: bool = False


def verb(name: str, *options: str) -> Callable[[World], tuple[str, ...]]:
    return lambda world: ("container", name, world.container, *options)


# Where commands begin. What a round leaves behind often is the beginning of the next one.

def running(world: World) -> None:
    if world.record().target != RUNNING:
        world.kolla(*started(world))


def stopped(world: World) -> None:
    if world.record().target == ABSENT:
        running(world)
    if world.record().target == RUNNING:
        world.kolla("container", "stop", world.container)


def absent(world: World) -> None:
    if world.record().target != ABSENT:
        world.kolla("container", "delete", world.container, "--yes")


def nothing(world: World) -> None:
    world.reset()


def unconfirmed(world: World) -> None:
    running(world)
    if next(g for g in world.generations() if g.outcome == "current").confirmed:
        world.kolla(*reconfigured(world))


def cared_for(world: World) -> None:
    running(world)
    if world.record().maintenance:
        world.kolla("container", "maintenance", "off", world.container)
    if world.record().failed:
        world.kolla("recover")


def two_images(world: World) -> None:
    """There is something to go back to."""
    running(world)
    if not earlier(world):
        world.kolla(*other_image(world))


def of_earlier_release(world: World) -> None:
    running(world)
    if release_of(world) != RELEASES[0]:
        world.kolla(*to_release(world, RELEASES[0]))


def cut_upgrade(where: str) -> Callable[[World], None]:
    def prepare(world: World) -> None:
        of_earlier_release(world)
        trap = Point("upgrade/commit", *where.split(" ", 1), 1)
        ended = world.tool.run(*to_release(world, RELEASES[1]), trap=trap)
        assert ended.caught, ended.output

    return prepare


def cut_stop(world: World) -> None:
    running(world)
    trap = Point("stop/park", "before", "APIClient.update_container", 1)
    assert world.tool.run("container", "stop", world.container, trap=trap).caught


def lost(world: World) -> None:
    two_images(world)
    world.lose_state()


# What is asked of them

def release_of(world: World) -> str:
    """Of the current generation, or of one to begin with."""
    released = [g.snapshot.release for g in world.generations() if g.outcome == "current"]
    return (released or RELEASES)[0]


_changes = itertools.count(1)


def as_released(world: World) -> tuple[str, ...]:
    """Stay with the release, also where a deletion has taken its pin away."""
    return ("--set", f"DEFAULT.release={release_of(world)}")


def started(world: World) -> tuple[str, ...]:
    return (*as_released(world), "container", "start", world.container)


def upgraded(world: World, option: str, value) -> tuple[str, ...]:
    return (*as_released(world), "--set", f"synthetic.{world.kind}_{option}={value}",
            "container", "upgrade", world.container)


def reconfigured(world: World) -> tuple[str, ...]:
    return upgraded(world, "failure_after", next(_changes))


def to_release(world: World, release: str) -> tuple[str, ...]:
    return ("container", "upgrade", world.container, "--image", f"kolla/synthetic:{release}")


def refused(world: World) -> tuple[str, ...]:
    """By its check, once it runs at a later release: the way back has to be prepared."""
    return (
        "--set", f"synthetic.{world.kind}_failure=check", *in_a_hurry(world),
        *to_release(world, RELEASES[1]),
    )


def in_a_hurry(world: World) -> tuple[str, ...]:
    """So that a check that is to fail fails at once."""
    return ("--set", f"monitor.grace={world.container}:1")


def other_image(world: World) -> tuple[str, ...]:
    """With the dump and the expansion of a schema."""
    other = next(release for release in RELEASES if release != release_of(world))
    return to_release(world, other)


def earlier(world: World) -> int | None:
    release = release_of(world)
    return max((g.number for g in world.generations() if g.committed and g.kept
                and g.outcome != "current" and g.snapshot.release != release), default=None)


def rollback(world: World) -> tuple[str, ...]:
    return ("container", "rollback", world.container, "--to", str(earlier(world)))


COMMANDS = {
    "first-start-ever": Command(nothing, verb("start"), until="start/create"),
    "start": Command(absent, started),
    "start-again": Command(stopped, verb("start")),
    "stop": Command(running, verb("stop")),
    "restart": Command(running, verb("restart")),
    "upgrade": Command(running, other_image),
    "refused-upgrade": Command(of_earlier_release, refused, exit_code=1),
    "rollback": Command(two_images, rollback, repeatable=False),
    "confirm": Command(unconfirmed, verb("confirm")),
    "maintenance": Command(
        cared_for, lambda world: ("container", "maintenance", "on", world.container)),
    "revive": Command(cared_for, lambda world: ("act", "revive", world.container)),
    "give-up": Command(cared_for, lambda world: ("act", "give up", world.container)),
    "delete": Command(running, verb("delete", "--yes")),
    "delete-data": Command(running, verb("delete", "--yes", "--data"), erases=True),
    "recover-before-commit": Command(
        cut_upgrade("before Connection.execute COMMIT"), lambda world: ("recover",)),
    "recover-after-commit": Command(
        cut_upgrade("after Connection.execute COMMIT"), lambda world: ("recover",)),
    "recover-stop": Command(cut_stop, lambda world: ("recover",)),
    "recover-lost-state": Command(lost, lambda world: ("recover",)),
}


@dataclasses.dataclass
class Report:
    """What became of one command."""

    command: str
    points: int = 0
    killed: int = 0
    #: Points that the command did not come by when it ran again.
    missed: int = 0
    seconds: float = 0.0
    failures: list[str] = dataclasses.field(default_factory=list)


class Rounds:
    """Puts one container through one command after the other."""

    def __init__(self, world: World, backend: str, sample: int):
        self.world, self._backend, self._sample = world, backend, sample
        self._chance = random.Random(1)
        #: What is known of each point at which an earlier command was killed.
        self._known: set[tuple] = set()

    def put_through(self, name: str) -> Report:
        report = self._kill_all_over(name)
        if self._sample and report.missed and not report.failures:
            # The run that told the points found generations of an earlier command, which are
            # gone by now, and with them some of its points.
            report = self._kill_all_over(name)
        return report

    def _kill_all_over(self, name: str) -> Report:
        command, report, began = COMMANDS[name], Report(name), time.monotonic()
        for trap, action in self._traps(name, command, report):
            try:
                caught = self._round(command, trap, action, report.killed % 2 == 0)
                report.killed += caught
                report.missed += not caught
            except Exception:
                report.failures.append(f"killed at {trap}:\n{traceback.format_exc()}")
                self.world.reset()
            if len(report.failures) == ENOUGH:
                break
        report.seconds = round(time.monotonic() - began, 1)
        return report

    def _traps(self, name: str, command: Command, report: Report):
        """Where to kill it, found by letting it run to its end."""
        for _ in range(1 if self._sample else BEFOREHAND):
            command.prepare(self.world)
            self.world.settle()
            ended = self.world.kolla(*command.arguments(self.world), expect=command.exit_code)
        self.world.assert_consistent()
        points = list(
            itertools.takewhile(lambda point: point.where != command.until, ended.points)
        )
        report.points = len(points)
        traps = [(point, crash.kill) for point in (points if EVERY_POINT else cuts(points))]
        traps += [
            (point, crash.kill_soon(self._chance.choice(MOMENTS))) for point in points
            if point.when == "before" and point.changes and point.of_engine
        ]
        if self._sample:
            traps = self._sampled(name, traps)
        elif not EVERY_POINT:
            traps = self._unknown(name, traps, points)
        yield from traps

    def _unknown(self, name: str, traps: list, points: list[Point]) -> list:
        """Those at which no earlier command of this container was killed.

        One function plans whatever puts a generation in the place of another one: an operation
        of a rollback leaves the same behind as that of an upgrade. On compose, one point stands
        for all of an operation at which direct launch does the same.
        """
        changes = {point.where.partition("/")[0] for point in points
                   if point.where.endswith("/record")} - {"start"}
        unknown = []
        for point, action in traps:
            plan, _, operation = point.where.partition("/")
            kind = name if plan == "outside" else "change" if plan in changes else plan
            mark: tuple = (kind, operation)
            if self._backend == "docker" or point.of_compose:
                mark += (point.when, point.what, point.count, action is crash.kill)
            if mark not in self._known:
                self._known.add(mark)
                unknown.append((point, action))
        return unknown

    def _sampled(self, name: str, traps: list) -> list:
        """The same few of them every time, at most one in each operation of the plan.

        On compose only those at what direct launch does otherwise.
        """
        if self._backend != "docker":
            traps = [trap for trap in traps if trap[0].of_compose]
        chance = random.Random(f"{self.world.container} {name}")
        chance.shuffle(traps)
        one_each = {point.where: (point, action) for point, action in traps}
        return list(one_each.values())[:self._sample]

    def _round(self, command: Command, trap: Point, action, again: bool) -> bool:
        """Kill it there, recover, and see what is left; False if it never came there."""
        world = self.world
        command.prepare(world)
        world.settle()
        arguments = command.arguments(world)
        ended = world.tool.run(*arguments, trap=trap, action=action)
        if not ended.caught:
            world.assert_consistent()
            return False
        assert ended.exit_code in (-9, command.exit_code), ended.output
        committed = world.record()
        interrupted = {
            event: "interrupted" if outcome == "begun" else outcome
            for event, outcome in world.journal(100).items()
        }
        if again and command.repeatable:
            world.kolla(*arguments, expect=command.exit_code)
        else:
            world.kolla("recover")
            after = world.record()
            # With its data goes the generation that they belonged to.
            current = None if committed.erase else committed.current
            counts = (after.current, after.target) == (current, committed.target)
            assert counts or command.prepare is lost, (committed, after)
        world.assert_consistent()
        if command.erases and world.record().target == ABSENT:
            assert not world.has_data()
        assert interrupted.items() <= world.journal().items(), interrupted
        return True


def main(
    directory: str, address: str, backend: str, sample: str, container: str, *names: str
) -> None:
    port = PORTS.get(container, 18997)
    deployment = Deployment(Engine(), pathlib.Path(directory), address).prepare()
    deployment.configure(backends.configuration(backend), "05-backend")
    deployment.install_plugin(SYNTHETIC)
    kind = HeldWorld if container == "synthetic-database" else World
    rounds = Rounds(kind(deployment, container, port), backend, int(sample))
    for name in names or COMMANDS:
        print(json.dumps(dataclasses.asdict(rounds.put_through(name))), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

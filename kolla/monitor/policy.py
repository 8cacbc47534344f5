"""The policy of the monitor: a state machine for each container, without I/O.

Each function takes one event, changes the memory of the container and returns a remedy. All
times are seconds of a clock that never jumps.
"""

import dataclasses
import enum

from kolla.health.conditions import DEGRADED, FAILED, HEALTHY, PAUSED, STARTING, UNHEALTHY, UNKNOWN
from kolla.health.rules import Rules
from kolla.monitor.memory import Memory

#: How many restarts by the engine in its probation make a generation roll back.
DEATHS = 3
#: How many ends for a lack of memory within an hour do, though its checks passed in between.
STARVATIONS = 12


class Remedy(enum.Enum):
    """An action that the policy asks for."""

    NOTHING = enum.auto()
    #: Check the containers that it requires before acting.
    ASK = enum.auto()
    RESTART = enum.auto()
    #: Stop restarting it.
    GIVE_UP = enum.auto()
    #: It was given up and recovered by itself: let the engine keep it running again.
    RESUME = enum.auto()
    ROLL_BACK = enum.auto()


@dataclasses.dataclass(frozen=True)
class Surroundings:
    """The circumstances of a container that the policy considers."""

    #: A container that it requires and that is not healthy, with its status.
    ill: str = ""
    #: Containers that it requires and that have passed no check since its trouble began.
    unsure: tuple[str, ...] = ()
    #: Whether it is in its probation and can be rolled back.
    probation: bool = False


def passed(memory: Memory, rules: Rules, now: float) -> Remedy:
    """Its check passed. If it was given up, the monitor acts on it again, within the budget."""
    memory.answers.append(True)
    memory.unfailing()
    memory.passed, memory.awake, memory.dying_since = now, True, None
    memory.answered = now
    memory.become(HEALTHY, memory.of_late if memory.flaps else "", now)
    return _resume(memory)


def strained(memory: Memory, why: str, rules: Rules, now: float) -> Remedy:
    """Its check ended with 75: it works, but is of little use. A restart would not help."""
    memory.excuse()
    memory.answered = now
    if not memory.awake and now < memory.started + rules.grace:
        memory.become(STARTING, why, now)
        return _resume(memory)
    strains = memory.strains + 1
    memory.unfailing()
    memory.strains, memory.awake = strains, True
    if strains < rules.retries and memory.status == HEALTHY:
        memory.detail = f"{why} ({strains} of {rules.retries} checks)"
    else:
        memory.become(DEGRADED, why, now)
    return _resume(memory)


def _resume(memory: Memory) -> Remedy:
    if not memory.given_up:
        return Remedy.NOTHING
    memory.given_up = False
    return Remedy.RESUME


def failed(
    memory: Memory, why: str, around: Surroundings, rules: Rules, now: float
) -> Remedy:
    """Its check failed."""
    memory.answered = now
    if not memory.awake and now < memory.started + rules.grace:
        memory.become(FAILED if memory.given_up else STARTING, why, now)
        return Remedy.NOTHING
    memory.answers.append(False)
    memory.failures, memory.strains = memory.failures + 1, 0
    if memory.failing_since is None:
        memory.failing_since = now
    if memory.failures < rules.retries:
        memory.detail = f"{why} ({memory.failures} of {rules.retries} failed checks)"
        return Remedy.NOTHING
    if around.ill:
        memory.become(DEGRADED, f"it requires {around.ill}; {why}", now)
        return Remedy.NOTHING
    if around.unsure:
        return Remedy.ASK
    return _remedy(memory, why, around, rules, now)


def died(
    memory: Memory, times: int, why: str, around: Surroundings, rules: Rules, now: float,
    starved: bool = False,
) -> Remedy:
    """Its process ended, and the engine has started it again.

    ``starved``: the kernel ended it for its use of memory. How much it needs its clients decide,
    so once a check has passed it is not given up for that, and rolled back only if it happens
    again and again, as with a release that leaks.
    """
    worked = memory.awake
    memory.begin(now)
    if starved and worked:
        if memory.starve(times, now) >= STARVATIONS and around.probation:
            memory.become(UNHEALTHY, why, now)
            return Remedy.ROLL_BACK
        memory.become(STARTING, why, now)
        return Remedy.NOTHING
    if around.ill:  # it comes back together with what it requires
        memory.excuse()
        memory.become(DEGRADED, f"it requires {around.ill}; {why}", now)
        return Remedy.NOTHING
    memory.die(times, now)
    memory.become(STARTING, why, now)
    if around.unsure:
        return Remedy.ASK
    if around.probation and len(memory.deaths) >= DEATHS:
        memory.become(UNHEALTHY, why, now)
        return Remedy.ROLL_BACK
    if memory.within_the_hour(now) > rules.restarts_per_hour:
        return _give_up(memory, why, now)
    return Remedy.NOTHING


def missing(
    memory: Memory, why: str, around: Surroundings, rules: Rules, now: float
) -> Remedy:
    """It should run and does not."""
    return _remedy(memory, why, around, rules, now)


def paused(memory: Memory, now: float) -> Remedy:
    """Paused by hand, so deliberate: leave it alone."""
    memory.become(PAUSED, "it is paused: `docker unpause` lets it go on", now)
    memory.unfailing()
    return Remedy.NOTHING


def unable(memory: Memory, why: str, away: bool, rules: Rules, now: float) -> Remedy:
    """Its check could not be run: its status holds for a while, then it is unknown.

    A container that is down or paused cannot run a check, so it keeps its status unless the
    engine is ``away``.
    """
    if memory.status in (FAILED, PAUSED, UNHEALTHY) and not away:
        return Remedy.NOTHING
    if now - max(memory.answered or 0, memory.started, memory.since) > rules.patience:
        if memory.status != UNKNOWN:
            memory.trusted = away and memory.status == HEALTHY
        memory.become(UNKNOWN, why, now)
    return Remedy.NOTHING


def restarted(memory: Memory, why: str, rules: Rules, now: float, jitter: float) -> None:
    """The monitor restarts it; ``jitter``, about 1, is a factor of the back-off."""
    memory.become(STARTING, f"restarted: {why}", now)
    memory.restarts.append(now)
    pause = rules.backoff * 2 ** (memory.within_the_hour(now) - 1) * jitter
    memory.not_before = now + min(pause, rules.backoff_max)
    memory.begin(now)


def _remedy(
    memory: Memory, why: str, around: Surroundings, rules: Rules, now: float
) -> Remedy:
    if memory.given_up:
        memory.become(FAILED, why, now)
        return Remedy.NOTHING
    memory.become(UNHEALTHY, why, now)
    if around.probation:
        return Remedy.ROLL_BACK
    if memory.within_the_hour(now) >= rules.restarts_per_hour:
        return _give_up(memory, why, now)
    if now < memory.not_before:
        memory.detail = f"{why}; restarted in {memory.not_before - now:.0f} s"
        return Remedy.NOTHING
    return Remedy.RESTART


def _give_up(memory: Memory, why: str, now: float) -> Remedy:
    memory.given_up = True
    times = memory.within_the_hour(now)
    memory.become(FAILED, f"{why}; restarted {times} times within the hour, and no more", now)
    return Remedy.GIVE_UP

"""Carries out the remedies of the policy in the background, and logs the outcome."""

import functools
import json
import logging
import random
from collections.abc import Callable

from kolla.actions.result import Result
from kolla.health.conditions import HEALTHY
from kolla.monitor import policy
from kolla.monitor.commands import Commands, followers_to_take_back
from kolla.monitor.context import Context, clock, first_line, line
from kolla.monitor.policy import Remedy
from kolla.monitor.watched import Watched
from kolla.plans.observe import recorded
from kolla.plans.plan import Kind
from kolla.plugin.reports import Unreachable
from kolla.store.records import ActionOutcome
from kolla.times import age, ago

LOG = logging.getLogger(__name__)

#: Seconds until the next attempt to confirm a generation that was unhealthy or could not be
#: confirmed. One that other hosts hold up is confirmed here, and the last host cleans up.
CONFIRM = 600
#: Outcomes after which there is nothing to report.
FINE = (ActionOutcome.DONE, ActionOutcome.UNCHANGED)


class Remedies:
    """``done`` is called for a container after an action on it."""

    def __init__(self, context: Context, done: Callable[[Watched], None]):
        self._context, self._done = context, done
        self._commands = Commands(context.deployment)
        self._acts = {
            Remedy.RESTART: self._restart, Remedy.ROLL_BACK: self._roll_back,
            Remedy.GIVE_UP: self._give_up, Remedy.RESUME: self._resume,
        }

    def apply(self, watched: Watched, remedy: Remedy, why: str) -> None:
        """Carry out a remedy, unless the container is in maintenance or a command works on it."""
        self._context.tell(watched)
        maintenance = watched.record.in_maintenance()
        if maintenance or remedy in self._acts and self._context.in_hands(watched.name):
            if maintenance:
                watched.memory.failures = 0
            if remedy is Remedy.RESUME:  # it is still to be done
                watched.memory.given_up = True
        elif remedy in self._acts:
            self._acts[remedy](watched, why)
        self._context.tell(watched)

    def died(self, watched: Watched, times: int, why: str) -> None:
        """Record a restart by the engine, with evidence."""
        self._context.metrics.restarted(watched.name, "engine", times)
        self._note_restarts(watched)
        self._context.loop.background(
            self._context.acting, lambda: self._commands.died(watched, why), lambda done: None
        )

    def recover(self, name: str, said: str = "what a killed command left is tidied up") -> None:
        """Bring the records and the engine into agreement for a container, watched or not."""
        if watched := self._context.watched.get(name):
            self._act(watched, Kind.RECOVER, "", said)
            return
        self._context.loop.background(
            self._context.acting, lambda: self._commands.recover(name),
            functools.partial(self._say, name, Kind.RECOVER, said),
        )

    def can_go_back(self, watched: Watched) -> bool:
        """Whether it is in its probation and can go back, with its followers."""
        if not watched.on_probation:
            return False
        along = followers_to_take_back(self._context.deployment, watched.name)
        return along is not None and None not in along.values()

    def await_end_of_probation(self, watched: Watched) -> None:
        """Confirm a generation at the end of its probation, if it confirms itself."""
        if watched.spec.confirms_itself and not watched.generation.confirmed:
            left = watched.probation - age(watched.generation.committed)
            self._context.loop.after(max(left, 1), functools.partial(self._survived, watched))

    def _survived(self, watched: Watched) -> None:
        if not self._context.has(watched) or self._confirmed(watched):
            return
        if watched.status == HEALTHY and not self._context.in_hands(watched.name):
            self._act(watched, Kind.CONFIRM, "", "has survived its probation and is confirmed")
        self._context.loop.after(CONFIRM, functools.partial(self._survived, watched))

    def _confirmed(self, watched: Watched) -> bool:
        """Whether the records now say that it is confirmed."""
        state = recorded(self._context.deployment, watched.name)
        return state.generations[watched.number].confirmed is not None

    def _restart(self, watched: Watched, why: str) -> None:
        rules, cause = watched.rules, first_line(why)
        policy.restarted(watched.memory, cause, rules, clock(), random.uniform(0.8, 1.2))
        self._note_restarts(watched)
        self._context.metrics.restarted(watched.name, "monitor")
        times = f"{len(watched.memory.restarts)} of {rules.restarts_per_hour} within the hour"
        self._act(watched, Kind.REVIVE, why, f"restarted ({times}): {cause}", cause)

    def _roll_back(self, watched: Watched, why: str) -> None:
        cause = f"unhealthy in its probation: {first_line(why)}"
        self._act(watched, Kind.ROLLBACK, why, f"rolled back: {cause}", cause)

    def _give_up(self, watched: Watched, why: str) -> None:
        self._act(watched, Kind.GIVE_UP, why, cause=watched.memory.detail)

    def _resume(self, watched: Watched, why: str) -> None:
        self._act(watched, Kind.RECOVER, "", "has recovered by itself")

    def _act(
        self, watched: Watched, kind: Kind, detail: str, said: str = "", cause: str = ""
    ) -> None:
        watched.busy = True
        self._context.loop.background(
            self._context.acting, lambda: self._commands.act(kind, watched, cause, detail),
            functools.partial(self._acted, watched, kind, said),
        )

    def _acted(
        self, watched: Watched, kind: Kind, said: str, result: Result | None | Exception
    ) -> None:
        watched.busy = False
        done = self._say(watched.name, kind, said, result)
        if kind == Kind.ROLLBACK and not done and result is not None and _for_good(result):
            watched.no_way_back = True
        if kind == Kind.GIVE_UP and (result is None or not done):
            watched.memory.given_up = False  # not recorded: the policy decides again
        self._done(watched)

    def _say(self, name: str, kind: Kind, said: str, result: Result | Exception | None) -> bool:
        """Log the outcome; returns whether there was no trouble.

        No result means that a command was at work on the container.
        """
        trouble = ""
        if isinstance(result, Exception):
            trouble = line(result)
        elif result is not None and result.outcome not in FINE:
            trouble = result.reason
        if trouble:
            LOG.error("%s: %s failed: %s", name, kind, trouble)
        elif said and isinstance(result, Result) and result.outcome == ActionOutcome.DONE:
            LOG.warning("%s: %s", name, said)
        return not trouble

    def _note_restarts(self, watched: Watched) -> None:
        times = [ago(clock() - at) for at in watched.memory.restarts]
        self._context.deployment.store.update(watched.name, restarts=json.dumps(times))


def _for_good(failure: Result | Exception) -> bool:
    """Whether another attempt would fail, too: it was refused, or failed when it was tried."""
    if isinstance(failure, Exception):
        return not isinstance(failure, Unreachable)
    return failure.tried

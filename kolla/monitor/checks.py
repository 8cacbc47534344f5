"""Runs the check of each container on its timer, and passes the answer to the policy."""

import functools
import logging
import random
from collections.abc import Callable, Iterable

from kolla.backends.instances import engine_name
from kolla.health.conditions import DEGRADED, HEALTHY, UNHEALTHY
from kolla.health.rules import status_of
from kolla.monitor import policy
from kolla.monitor.context import Context, clock, first_line
from kolla.monitor.policy import Remedy, Surroundings
from kolla.monitor.remedies import Remedies
from kolla.monitor.watched import Watched
from kolla.plugin.reports import Outcome
from kolla.times import now

LOG = logging.getLogger(__name__)

#: The least seconds between two checks of a container.
PAUSE = 0.5
#: Seconds between two warnings about late checks.
WARN = 600
#: What a check said, how long it took and how late it began, in seconds.
Answer = tuple[Outcome, float, float]


class Checks:
    """``unable`` is called for a check that could not be run."""

    def __init__(
        self, context: Context, remedies: Remedies, unable: Callable[[Watched, Exception], None]
    ):
        self._context, self._remedies, self._unable = context, remedies, unable
        #: Whether checks run at present.
        self.on = True
        #: When the last warning about late checks came.
        self._told_late: float | None = None

    def ask_in(self, watched: Watched, seconds: float) -> None:
        """Run the next check in so many seconds, whatever was planned."""
        self.forget(watched)
        watched.timer = self._context.loop.after(seconds, functools.partial(self._ask, watched))

    def ask_now(self, names: Iterable[str]) -> None:
        """Run these checks at once, unless they failed before: those come soon anyway."""
        for name in names:
            if not self._context.watched[name].memory.failures:
                self.ask_in(self._context.watched[name], 0)

    def forget(self, watched: Watched) -> None:
        if watched.timer:
            self._context.loop.cancel(watched.timer)

    def _ask_again(self, watched: Watched) -> None:
        memory, rules = watched.memory, watched.rules
        hurry = memory.failures or memory.strains or not memory.awake
        pause = rules.retry_pause if hurry else rules.interval * random.uniform(0.9, 1.1)
        self.ask_in(watched, max(pause, PAUSE))

    def _ask(self, watched: Watched) -> None:
        watched.timer = None
        if not self._context.has(watched) or watched.asked:
            return
        if watched.busy or not self.on:
            self._ask_again(watched)
            return
        watched.asked = True
        name, backend = engine_name(watched.name, watched.number), self._context.deployment.backend
        due = clock()

        def ask() -> Answer:
            began = clock()
            outcome = backend.execute(name, watched.command, watched.rules.timeout)
            return outcome, clock() - began, began - due

        self._context.loop.background(
            self._context.asking, ask, functools.partial(self._answered, watched)
        )

    def _answered(self, watched: Watched, found: Answer | Exception) -> None:
        watched.asked = False
        if self._context.has(watched):
            try:
                self._take_in(watched, found)
            finally:  # a full disk must not end the checks
                self._ask_again(watched)

    def _take_in(self, watched: Watched, found: Answer | Exception) -> None:
        if isinstance(found, Exception):
            self._unable(watched, found)
            return
        outcome, watched.seconds, waited = found
        self._tell_of_lateness(watched, waited)
        watched.checked = now()
        self._context.note(watched)
        failed = status_of(outcome.exit_code) == UNHEALTHY
        self._context.metrics.checked(watched.name, watched.seconds, failed)
        if not watched.busy:
            self._judge(watched, outcome)

    def _tell_of_lateness(self, watched: Watched, waited: float) -> None:
        """Warn if checks wait for each other longer than their interval."""
        if waited <= watched.rules.interval:
            return
        if self._told_late is None or clock() - self._told_late > WARN:
            self._told_late = clock()
            LOG.warning(
                "checks come late, that of %s by %.0f s: raise [monitor] parallel or interval",
                watched.name, waited,
            )

    def _judge(self, watched: Watched, outcome: Outcome) -> None:
        memory, rules, said = watched.memory, watched.rules, ""
        status = status_of(outcome.exit_code)
        if status == HEALTHY:
            remedy = policy.passed(memory, rules, clock())
        else:
            said = self._context.deployment.hide(outcome.output)
            if status == DEGRADED:
                remedy = policy.strained(memory, first_line(said), rules, clock())
            else:
                around = self.around(watched)
                remedy = policy.failed(memory, first_line(said), around, rules, clock())
                if remedy is Remedy.ASK:
                    self.ask_now(around.unsure)
        self._remedies.apply(watched, remedy, said)

    def around(self, watched: Watched) -> Surroundings:
        """The health of the containers it requires, and whether it can be rolled back."""
        ill, unsure = "", []
        since = watched.memory.failing_since or watched.memory.dying_since or clock()
        required = self._context.deployment.catalog.required(watched.name)
        for name in sorted(required & self._context.announcements.conditions.keys()):
            other = self._context.watched.get(name)
            if other is None or other.status != HEALTHY:
                ill = ill or f"{name}, which is {other.status if other else 'stopped'}"
            elif other.memory.failures or (other.memory.passed or 0) < since:
                unsure.append(name)
        return Surroundings(ill, tuple(unsure), self._remedies.can_go_back(watched))

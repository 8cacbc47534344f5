"""Waits until a generation is well, and measures how long nothing served."""

import time
from collections.abc import Callable

from kolla.actions.step import Step
from kolla.plugin import STRAINED, Check
from kolla.plugin.reports import ALWAYS, BackendError, Observed, Outcome

#: Seconds from the first check to the second; each further pause is half as long again.
FIRST_PAUSE = 0.05
#: Seconds between two checks at most.
LONGEST_PAUSE = 1.0


def until_well(
    step: Step, check: Check, wait: Callable[[float], None], died: Callable[[], None]
) -> Outcome:
    """Run the check until it passes, and return the outcome that did.

    ``wait`` lets the given seconds pass between two checks. ``died`` is called whenever the
    engine has started the container again. Raises :class:`~kolla.actions.failures.Failed` once
    the grace is over, or if the container ends.
    """
    deadline = time.monotonic() + check.grace
    pause = FIRST_PAUSE
    first = seen = _look(step)
    while True:
        if seen.restarts > first.restarts:
            died()
        outcome = _ask(step, check)
        if outcome.exit_code == 0:
            return outcome
        if time.monotonic() > deadline:
            strained = outcome.exit_code == STRAINED
            reason = "it runs, but cannot do its work" if strained else "its check did not pass"
            raise step.failed(f"{reason} within {check.grace} s", step.evidence(outcome))
        wait(pause)
        pause = min(pause * 1.5, LONGEST_PAUSE)
        seen = _look(step)


def _look(step: Step) -> Observed:
    seen = step.backend.inspect(step.name)
    if seen is None:
        raise step.failed("it is gone from the engine")
    if not seen.running and seen.restart != ALWAYS:
        raise step.failed(f"it exited with code {seen.exit_code}", step.evidence())
    return seen


def _ask(step: Step, check: Check) -> Outcome:
    try:
        return step.backend.execute(step.name, check.command, check.timeout)
    except BackendError as error:
        return Outcome(1, f"the check could not run: {error.message}")


class Outage:
    """The time from the stop of what served to the next check that passes."""

    def __init__(self) -> None:
        self._ended_ones = 0.0
        self._since: float | None = None

    @property
    def seconds(self) -> float:
        """The seconds of all outages, with one that has not ended."""
        lasts = time.monotonic() - self._since if self._since is not None else 0
        return self._ended_ones + lasts

    def begin(self) -> None:
        if self._since is None:
            self._since = time.monotonic()

    def end(self) -> None:
        self._ended_ones, self._since = self.seconds, None

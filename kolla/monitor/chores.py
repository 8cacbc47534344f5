"""Runs tasks from time to time, where their plugin asks for it. Nothing is restarted for them."""

import functools
import logging

from kolla.actions.result import Result
from kolla.health.conditions import HEALTHY
from kolla.monitor.context import Context, line
from kolla.monitor.loop import Threads
from kolla.monitor.commands import Commands
from kolla.monitor.watched import Watched
from kolla.plans.plan import Do
from kolla.plugin import Task
from kolla.store.records import ActionOutcome
from kolla.times import age

LOG = logging.getLogger(__name__)

#: Seconds until a task is due again that could not run: a command was at work on its container,
#: or that was not healthy.
LATER = 30
#: The least seconds from the first look at a generation to the first of its tasks.
SOON = 5


class Chores:
    """One task runs at a time, so that no two containers are busy with themselves at once."""

    def __init__(self, context: Context):
        self._context = context
        self._commands = Commands(context.deployment)
        self._pool = Threads(1, "chore")

    def close(self) -> None:
        """Start no more. If the monitor ends, recovery takes away what still runs."""
        self._pool.close()

    def ended(self, timeout: float | None = None) -> bool:
        """Whether none runs any more; after :meth:`close`. None: wait until that is so."""
        return self._pool.ended(timeout)

    def begin(self, watched: Watched) -> None:
        """Plan the tasks of a generation that is watched from now on."""
        tasks = [task for task in watched.spec.tasks.get("on_demand", ()) if task.every]
        last = self._context.deployment.store.last_runs(
            watched.name, Do.ON_DEMAND) if tasks else {}
        for task in tasks:
            ran = last[task.name].at if task.name in last else watched.generation.committed
            self._plan(watched, task, max(task.every - age(ran), SOON))

    def _plan(self, watched: Watched, task: Task, seconds: float) -> None:
        self._context.loop.after(seconds, functools.partial(self._run, watched, task))

    def _run(self, watched: Watched, task: Task) -> None:
        if not self._context.has(watched):
            return
        if watched.status != HEALTHY or self._context.in_hands(watched.name):
            self._plan(watched, task, LATER)
            return
        self._context.loop.background(
            self._pool, functools.partial(self._do, watched, task),
            lambda done: self._plan(watched, task, task.every if done else LATER),
        )

    def _do(self, watched: Watched, task: Task) -> bool:
        """Run a task and log how it ended, also if the monitor does not follow it any more.

        Returns whether it was tried.
        """
        try:
            result: Result | Exception | None = self._commands.task(watched, task.name)
        except Exception as error:
            result = error
        self._log(watched, task, result)
        return result is not None

    def _log(self, watched: Watched, task: Task, result: Result | Exception | None) -> None:
        if isinstance(result, Exception):
            LOG.error("%s: the task %s: %s", watched.name, task.name, line(result))
        elif result is not None and result.outcome == ActionOutcome.FAILED:
            LOG.error("%s: %s", watched.name, result.reason)
        elif result is not None:
            for warning in result.warnings:
                LOG.warning("%s: %s", watched.name, warning)

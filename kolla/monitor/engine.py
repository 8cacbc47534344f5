"""Follows what happens to containers on the engine, and to the engine itself."""

import functools
import logging
import threading
from collections.abc import Callable, Mapping

from kolla.backends.instances import engine_name
from kolla.images import labels
from kolla.monitor import policy
from kolla.monitor.checks import Checks
from kolla.monitor.context import Context, clock, line
from kolla.monitor.loop import safely
from kolla.monitor.policy import Remedy
from kolla.monitor.remedies import Remedies
from kolla.monitor.watched import Watched
from kolla.plans.observe import observe, strangers
from kolla.plans.plan import State
from kolla.plugin.reports import STARVED, Happenings, Observed, Stranger, Unreachable
from kolla.times import up_for

LOG = logging.getLogger(__name__)

#: Seconds until a second look at a container that seems to be missing.
AGAIN = 1
#: Seconds until another look at a container that a command is at work on.
LATER = 2
#: Seconds until an engine that is away is tried again.
RETRY = 1
#: Seconds within which an end of the process is due to a lack of memory before it.
MEMORABLE = 10


class Engine:
    """Looks at a container when the engine reports an event, and at all of them now and then."""

    def __init__(self, context: Context, remedies: Remedies, checks: Checks):
        self._context, self._remedies, self._checks = context, remedies, checks
        self._backend = context.deployment.backend
        self._ended, self._sweeping = threading.Event(), False
        self._happenings: Happenings | None = None
        #: By container for which the engine owes an answer: what it was asked, in vain. A sweep
        #: that begins after that shows whether the whole engine is away.
        self._owed: dict[str, tuple[Watched, Unreachable]] = {}
        #: The warnings of the last sweep.
        self._told: tuple[str, ...] = ()

    def start(self) -> None:
        threading.Thread(target=self._listen, name="happenings", daemon=True).start()

    def stop(self) -> None:
        self._ended.set()
        if self._happenings:
            self._happenings.close()

    # The engine

    def _listen(self) -> None:
        """Pass the events of the engine to the loop, from a thread of its own."""
        call = self._context.loop.call
        while not self._ended.is_set():
            try:
                self._backend.version()
                call(self._engine_back)
                self._happenings = self._backend.happenings()
                if self._ended.is_set():
                    self._happenings.close()
                for name, what in self._happenings:
                    call(functools.partial(self._happened, name, what))
            except Exception as error:
                if not self._ended.wait(RETRY):
                    call(functools.partial(self._engine_gone, error))

    def _engine_gone(self, error: Exception) -> None:
        if self._checks.on:
            self._checks.on = False
            LOG.error("%s; nothing is judged until it answers", line(error))
        for watched in self._context.watched.values():
            self._unable(watched, error, away=True)

    def _engine_back(self) -> None:
        if not self._checks.on:
            self._checks.on = True
            LOG.warning("the engine answers again")
            for name in self._context.watched:
                self.look(name)

    def unable(self, watched: Watched, error: Exception) -> None:
        """The engine did not run a check, or did not show the container."""
        if isinstance(error, Unreachable):
            self._owed[watched.name] = watched, error
            self.sweep()
        else:
            self._unable(watched, error, away=False)
            self.look(watched.name)

    def _unable(self, watched: Watched, error: Exception, away: bool) -> None:
        policy.unable(watched.memory, line(error), away, watched.rules, clock())
        self._context.tell(watched)

    def sweep(self) -> None:
        """Look at all containers of the engine, in one call, for events that were missed."""
        if not self._sweeping:
            names = [*{*self._context.watched, *self._unfinished()}]
            self._sweeping, deployment = True, self._context.deployment
            owed, self._owed = self._owed, {}
            self._context.loop.background(
                self._context.looking,
                lambda: (observe(deployment, names), strangers(deployment)),
                functools.partial(self._swept, owed),
            )

    def _swept(
        self, owed: Mapping[str, tuple[Watched, Unreachable]],
        found: tuple[Mapping[str, State], list[Stranger]] | Exception,
    ) -> None:
        self._sweeping = False
        if self._owed:  # since it began
            self._context.loop.call(self.sweep)
        if isinstance(found, Unreachable):
            self._engine_gone(found)
            return
        for watched, error in owed.values():
            if self._context.has(watched):
                self._unable(watched, error, away=False)
        if isinstance(found, Exception):
            self._tell_once(f"what the engine has could not be looked through: {line(found)}")
        else:
            self._engine_back()
            states, strangers = found
            self._tell_once(*(
                f"the container {each.name} is left alone: {each.why}" for each in strangers
            ))
            for state in states.values():
                safely(functools.partial(self._swept_one, state))

    def _swept_one(self, state: State) -> None:
        watched = self._context.watched.get(state.name)
        if self._context.in_hands(state.name):
            return
        if watched and not state.running(watched.number):
            self.look(state.name)
        elif self._left_over(state):
            self._remedies.recover(state.name)

    def _tell_once(self, *trouble: str) -> None:
        """Log the warnings of a sweep, except those that the sweep before had, too."""
        for each in trouble:
            if each not in self._told:
                LOG.warning("%s", each)
        self._told = trouble

    def _unfinished(self) -> list[str]:
        """The containers that a command is at work on or was killed at, watched or not."""
        declared = self._context.deployment.catalog.containers
        return [name for name in self._context.deployment.store.unfinished() if name in declared]

    def _left_over(self, state: State) -> bool:
        """Whether a killed command left work on this container undone."""
        store = self._context.deployment.store
        record = store.container(state.name)  # the record of now, not from the start of the sweep
        if record.in_maintenance():
            return False
        return store.begun(state.name) or not record.settled or bool(state.tasks)

    # One container

    def _happened(self, name: str, what: str) -> None:
        watched = self._context.watched.get(name)
        if watched and what == STARVED:
            before, watched.starved = watched.starved, clock()
            if before is None or watched.starved - before > MEMORABLE:
                LOG.warning("%s: a process of it was killed for its use of memory", name)
        self.look(name)

    def look(self, name: str) -> None:
        """Ask the engine for the state of a container."""
        if watched := self._context.watched.get(name):
            self._inspect(watched, functools.partial(self._seen, watched))

    def _inspect(
        self, watched: Watched, then: Callable[[Observed | None | Exception], None]
    ) -> None:
        name = engine_name(watched.name, watched.number)
        self._context.loop.background(
            self._context.looking, lambda: self._backend.inspect(name),
            lambda found: then(found) if self._context.has(watched) else None,
        )

    def _seen(self, watched: Watched, found: Observed | None | Exception) -> None:
        if isinstance(found, Unreachable):
            self.unable(watched, found)
        if isinstance(found, Exception):
            return
        self._context.note(watched)
        if self._context.in_hands(watched.name):
            self._context.loop.after(LATER, lambda: self.look(watched.name))
        elif found is None or not found.running:
            self._context.loop.after(
                AGAIN, lambda: self._inspect(watched, functools.partial(self._missing, watched))
            )
        elif found.status == "paused":
            policy.paused(watched.memory, clock())
        else:
            self._runs(watched, found)
        self._context.tell(watched)

    def _runs(self, watched: Watched, found: Observed) -> None:
        first, before = watched.engine_restarts is None, watched.engine_restarts or 0
        anew = found.started_at != watched.started_at
        watched.engine_restarts, watched.started_at = found.restarts, found.started_at
        watched.packages = labels.refreshed(found.labels)
        if first:
            watched.memory.started -= up_for(found.started_at)
        elif found.restarts > before:
            self._died(watched, found, found.restarts - before)
        elif anew:
            watched.memory.begin(clock())
            self._checks.ask_in(watched, AGAIN)

    def _died(self, watched: Watched, found: Observed, times: int) -> None:
        starved = watched.starved is not None and clock() - watched.starved < MEMORABLE
        why = "out of memory" if starved else "its process ended"
        LOG.warning("%s: %s, and the engine started it again", watched.name, why)
        around = self._checks.around(watched)
        remedy = policy.died(
            watched.memory, times, why, around, watched.rules, clock(), starved
        )
        if remedy is Remedy.ASK:
            self._checks.ask_now(around.unsure)
        self._remedies.died(watched, times, why)
        self._remedies.apply(watched, remedy, why)
        self._checks.ask_in(watched, AGAIN)

    def _missing(self, watched: Watched, found: Observed | None | Exception) -> None:
        """Take in a second look at a container that the first one did not find running."""
        if isinstance(found, Exception) or self._context.in_hands(watched.name):
            return
        if found is not None and found.running:
            self._seen(watched, found)
            return
        why = "it is gone from the engine" if found is None else (
            f"it has ended with exit code {found.exit_code}, and the engine leaves it so"
        )
        around = self._checks.around(watched)
        remedy = policy.missing(watched.memory, why, around, watched.rules, clock())
        self._remedies.apply(
            watched, Remedy.RESTART if remedy is Remedy.ROLL_BACK else remedy, why
        )

"""Hooks: functions that are told of events (entry points ``kolla.hooks``).

A hook is a function that takes an :class:`Event`, or a class whose ``from_settings`` makes
one. Each hook runs in a thread of its own and keeps nobody waiting. kolla reports a hook that
raises, hangs or falls behind once, until it works again.
"""

import dataclasses
import functools
import json
import logging
import os
import queue
import shlex
import threading
import time
from collections.abc import Callable

from kolla.catalog.catalog import Catalog
from kolla.errors import KollaError
from kolla.plugin.event import Event
from kolla.settings import Settings
from kolla.text import harmless

LOG = logging.getLogger(__name__)

#: How many events may wait for a hook.
BACKLOG = 1000
#: How many characters of a detail a hook is given.
DETAIL = 2000


Hook = Callable[[Event], object]


class Hooks:
    """All hooks that ``[hooks] enabled`` names."""

    def __init__(self, catalog: Catalog, settings: Settings, mask: Callable[[str], str]):
        self._wait = settings.value("hooks", "wait")
        self._callers = [
            _Caller(name, functools.partial(_made, catalog, settings, name), settings, mask)
            for name in dict.fromkeys(settings.value("hooks", "enabled"))
        ]

    def tell(self, event: Event) -> None:
        """Pass an event on; returns at once and never raises."""
        for caller in self._callers:
            caller.tell(event)

    def close(self, timeout: float | None = None) -> None:
        """Wait until all hooks have got all events, ``timeout`` seconds at most.

        None: as many seconds as ``[hooks] wait`` says.
        """
        deadline = time.monotonic() + (self._wait if timeout is None else timeout)
        for caller in self._callers:
            caller.finish()
        for caller in self._callers:
            caller.wait(max(0.0, deadline - time.monotonic()))


def _made(catalog: Catalog, settings: Settings, name: str) -> Hook:
    thing = catalog.hook(name)
    return thing.from_settings(settings) if hasattr(thing, "from_settings") else thing


class _Caller(threading.Thread):
    """Tells one hook of events, one after the other."""

    def __init__(
        self, hook: str, make: Callable[[], Hook], settings: Settings,
        mask: Callable[[str], str],
    ):
        super().__init__(name=f"hook {hook}", daemon=True)
        self._subject, self._make, self._settings = f"the hook {hook}", make, settings
        self._mask = mask
        self._events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self._reported = False
        self.start()

    def tell(self, event: Event) -> None:
        if self._events.qsize() < BACKLOG:
            self._events.put(event)
        else:
            self._report(f"has fallen behind and misses events, the first is: {event}")

    def finish(self) -> None:
        """End the thread once it has told everything."""
        self._events.put(None)

    def wait(self, timeout: float) -> None:
        self.join(timeout)
        if self.is_alive():
            self._report("is still at work, and is not waited for any longer")

    def run(self) -> None:
        hook = None
        while (event := self._events.get()) is not None:
            wait = self._settings.value("hooks", "wait")
            overdue = threading.Timer(
                wait, self._report, [f"hangs: told {wait} s ago of {event}"]
            )
            overdue.daemon = True
            overdue.start()
            try:
                hook = hook or self._make()
                hook(self._fit(event))
                self._reported = False
            except (Exception, SystemExit) as error:  # third-party code may raise anything
                LOG.debug("%s failed", self._subject, exc_info=True)
                known = isinstance(error, KollaError)
                self._report(f"failed: {'' if known else f'{type(error).__name__}: '}{error}")
            finally:
                overdue.cancel()

    def _fit(self, event: Event) -> Event:
        """An error on one line; secrets that it quotes are masked."""
        detail = " ".join(self._mask(event.detail).replace("\0", " ").split())
        return dataclasses.replace(event, detail=detail[:DETAIL])

    def _report(self, what: str) -> None:
        if not self._reported:
            self._reported = True
            LOG.warning("%s %s", self._subject, " ".join(what.split()))


def log(event: Event) -> None:
    """Writes events to Python's logging."""
    LOG.info("%s", event)


class Command:
    """Runs an executable for each event.

    It gets the event as JSON on standard input and as variables ``KOLLA_EVENT_*``. After
    ``timeout`` seconds it is killed with its process group, even if kolla has ended by then.
    """

    def __init__(self, command: list[str], timeout: int):
        self._command = ["timeout", "--signal=KILL", str(timeout), *command]
        self._timeout = timeout

    @classmethod
    def from_settings(cls, settings: Settings) -> "Command":
        return cls(
            shlex.split(settings.value("hooks", "command")),
            settings.value("hooks", "command_timeout"),
        )

    def __call__(self, event: Event) -> None:
        import subprocess  # a command that only lists needs no subprocess
        import tempfile

        fields, began = dataclasses.asdict(event), time.monotonic()
        with tempfile.TemporaryFile() as errors:
            done = subprocess.run(
                self._command, input=json.dumps(fields).encode(), env=_environment(fields),
                stdout=subprocess.DEVNULL, stderr=errors,
            )
            errors.seek(0)
            said = harmless(errors.read().decode(errors="replace")).strip().rpartition("\n")[2]
        if done.returncode and time.monotonic() - began >= self._timeout:
            raise KollaError(f"it did not end within {self._timeout} s and was killed")
        if done.returncode:
            raise KollaError(f"it ended with exit code {done.returncode}: {said}")


def _environment(fields: dict) -> dict[str, str]:
    """kolla's environment without ``OS_GROUP__OPTION`` variables, which may hold secrets."""
    kept = {
        name: value for name, value in os.environ.items()
        if not (name.startswith("OS_") and "__" in name)
    }
    told = {
        f"KOLLA_EVENT_{name.upper()}": "" if value is None else str(value)
        for name, value in fields.items()
    }
    return kept | told

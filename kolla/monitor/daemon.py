"""``kolla monitor``: one process for each deployment, which runs until a signal ends it."""

import contextlib
import functools
import logging
import pathlib
import signal
import threading
from collections.abc import Callable, Iterator

from kolla.catalog import discovery
from kolla.deployment import Deployment
from kolla.errors import KollaError
from kolla.files import lock_file, try_lock
from kolla.monitor import systemd
from kolla.monitor.context import Context, line
from kolla.monitor.endpoint import Endpoint
from kolla.monitor.loop import Loop
from kolla.monitor.watcher import Watcher
from kolla.settings.problems import Invalid
from kolla.store.records import MONITOR, act_as
from kolla.store.state_dir import StateDir
from kolla.times import ago

LOG = logging.getLogger(__name__)

#: Seconds that hooks get to finish at the end.
HOOKS = 5
#: Seconds for which a reload waits for a task that is about to end.
TASKS = 1
#: In seconds.
HOUR = 3_600
DAY = 24 * HOUR


class Daemon:
    """Watches one deployment. SIGHUP reloads its configuration; SIGTERM and SIGINT end it."""

    def __init__(self, deploy: Callable[[], Deployment]):
        self._deploy, self._loop = deploy, Loop()
        #: Whether a signal asked to read the configuration again, and to end.
        self._again = self._ended = False
        #: All that have watched the present deployment.
        self._watchers: list[Watcher] = []

    def run(self) -> None:
        """Watch until a signal ends it; with the last valid configuration if today's is not.

        Raises :class:`KollaError` if no configuration is usable, or another monitor runs.
        """
        act_as(MONITOR)
        deployment = self._deploy()
        deployment.configuration.settle()
        _prepare(deployment)
        with _alone(deployment.state_dir), self._signals():
            try:
                self._watch(deployment)
                while self._reloads:
                    self._again = False
                    deployment = self._reloaded(deployment)
                    self._watch(deployment)
            finally:
                deployment.close(HOOKS)

    @property
    def _reloads(self) -> bool:
        return self._again and not self._ended

    def _watch(self, deployment: Deployment) -> None:
        self._loop = Loop()
        if self._again or self._ended:  # a signal came while the configuration was read
            return
        watcher = Watcher(deployment, self._loop)
        self._watchers.append(watcher)
        watcher.start()
        if pause := systemd.watchdog():
            self._loop.every(pause, systemd.alive)
        self._loop.every(HOUR, functools.partial(_copy, watcher.context))
        # Not at once: after a boot the clock may be wrong for a while.
        forget = functools.partial(_forget, deployment)
        self._loop.after(HOUR, functools.partial(self._loop.every, DAY, forget))
        LOG.info("watches the containers of %s", deployment.settings.host)
        systemd.ready(f"watches the containers of {deployment.settings.host}")
        endpoint = _endpoint(deployment, watcher.context)
        try:
            if endpoint:
                endpoint.start()
            self._loop.run()
        finally:
            if self._reloads:
                systemd.reloading()
            else:
                systemd.stopping()
            watcher.close()
            if endpoint:  # it answers until the last moment
                endpoint.stop()

    def _reloaded(self, before: Deployment) -> Deployment:
        """The deployment with today's configuration; the one from before if that is not valid."""
        try:
            deployment = self._valid(before)
        except Exception as error:  # a plugin that has just been installed may raise anything
            LOG.error("the configuration stays as it was: %s", _said(error))
            if isinstance(error, Invalid):
                before.configuration.invalid = error
            return before
        self._leave(before)
        return deployment

    def _leave(self, deployment: Deployment) -> None:
        """Close it, but not while one of its tasks runs: the end of that goes on record."""
        watchers, self._watchers = self._watchers, []

        def close() -> None:
            for watcher in watchers:
                watcher.ended()
            deployment.close(HOOKS)

        if all(watcher.ended(TASKS) for watcher in watchers):
            close()
        else:
            threading.Thread(target=close, name="leave", daemon=True).start()

    def _valid(self, before: Deployment) -> Deployment:
        discovery.look_again()
        deployment = self._deploy()
        deployment.configuration.require_valid()
        if deployment.state_dir != before.state_dir:  # its lock is that of another deployment
            raise KollaError(
                f"[DEFAULT] state_dir is {deployment.state_dir}, no longer {before.state_dir}",
                "`systemctl restart kolla-monitor` watches the deployment there",
            )
        _prepare(deployment)
        _require_plugins(before, deployment)
        # While there still is the deployment from before: a backend may be broken, too.
        deployment.backend_of(deployment.settings.value("backend", "driver"))
        deployment.store.changed()
        return deployment

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        def end(number: int, frame: object) -> None:
            self._ended = True
            self._loop.stop()

        def reload(number: int, frame: object) -> None:
            self._again = True
            self._loop.stop()

        handlers = {signal.SIGINT: end, signal.SIGTERM: end, signal.SIGHUP: reload}
        before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _require_plugins(before: Deployment, deployment: Deployment) -> None:
    """Raise :class:`KollaError` for a plugin that could be loaded before and now cannot.

    Its modules are still those of before, and do not fit what has been installed since.
    """
    lost = set(before.installed.containers) - set(deployment.installed.containers)
    for error in deployment.installed.errors:
        if error.namespace == "kolla.containers" and error.name in lost:
            raise KollaError(
                str(error), "mend it; if it was upgraded: `systemctl restart kolla-monitor`"
            )


def _said(error: Exception) -> str:
    known = isinstance(error, KollaError)
    return str(error) if known else discovery.unforeseen(error, "a bug in kolla")


def _prepare(deployment: Deployment) -> None:
    deployment.configuration.keep(deployment.state_dir)
    # The monitor never waits for a lock: it lets the command that holds it work.
    deployment.locks.timeout = 0


def _forget(deployment: Deployment) -> None:
    """Delete events that are older than the configuration allows."""
    days = deployment.settings.value("engine", "keep_events")
    deployment.store.forget_events(ago(days * DAY))


def _copy(context: Context) -> None:
    """Copy the state file, once a day, in the background."""
    def done(error: Exception | None) -> None:
        if error:
            LOG.error("no copy of the state file was made: %s", line(error))

    context.loop.background(context.looking, context.deployment.copies.take, done)


def _endpoint(deployment: Deployment, context: Context) -> Endpoint | None:
    port = deployment.settings.value("monitor", "listen_port")
    address = deployment.settings.value("monitor", "listen_address")
    return Endpoint(address, port, context, context.metrics.registry) if port else None


@contextlib.contextmanager
def _alone(state_dir: pathlib.Path) -> Iterator[None]:
    """Hold the lock of the monitor: two monitors would restart everything twice."""
    with lock_file(StateDir(state_dir).monitor_lock) as handle:
        if not try_lock(handle):
            raise KollaError(
                f"another `kolla monitor` watches the deployment of {state_dir}",
                "`systemctl status kolla-monitor` shows the one that systemd started",
            )
        yield

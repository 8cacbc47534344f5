"""``kolla monitor``: one for each deployment, until it is told to end."""

import contextlib
import functools
import logging
import pathlib
import signal
from collections.abc import Callable, Iterator

from kolla.deployment import Deployment
from kolla.errors import KollaError
from kolla.files import lock_file, try_lock
from kolla.monitor import systemd
from kolla.monitor.context import Context, line
from kolla.monitor.endpoint import Endpoint
from kolla.monitor.loop import Loop
from kolla.monitor.watcher import Watcher
from kolla.store.records import act_as
from kolla.store.state_dir import StateDir
from kolla.times import ago

LOG = logging.getLogger(__name__)

#: Seconds for hooks that are still at work when their deployment ends.
HOOKS = 5
#: Seconds.
HOUR, DAY = 3_600, 86_400


class Daemon:
    """Watches one deployment; SIGHUP reads its configuration again, SIGTERM and SIGINT end it."""

    def __init__(self, deploy: Callable[[], Deployment]):
        self._deploy, self._loop = deploy, Loop()
        #: What a signal asked for.
        self._again = self._ended = False

    def run(self) -> None:
        """Raises :class:`KollaError` if no configuration can be used, or another one runs.

        While today's is not valid, the last valid one is used.
        """
        act_as("monitor")
        deployment = self._deploy()
        deployment.settle()
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
        if self._again or self._ended:  # asked for while the configuration was read
            return
        watcher = Watcher(deployment, self._loop)
        watcher.start()
        if pause := systemd.watchdog():
            self._loop.every(pause, systemd.alive)
        self._loop.every(HOUR, functools.partial(_copy, watcher.context))
        # Not at once: the clock of a machine that has just come up may be wrong at first.
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
            systemd.reloading() if self._reloads else systemd.stopping()
            watcher.close()
            if endpoint:  # it answers as long as somebody knows
                endpoint.stop()

    def _reloaded(self, before: Deployment) -> Deployment:
        """With the configuration of now; with that of before if it is wrong."""
        try:
            deployment = self._valid()
        except KollaError as error:
            LOG.error("the configuration stays as it was: %s", error)
            return before
        before.close(HOOKS)
        return deployment

    def _valid(self) -> Deployment:
        deployment = self._deploy()
        deployment.require_valid()
        _prepare(deployment)
        return deployment

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        def end(number, frame) -> None:
            self._ended = True
            self._loop.stop()

        def reload(number, frame) -> None:
            self._again = True
            self._loop.stop()

        handlers = {signal.SIGINT: end, signal.SIGTERM: end, signal.SIGHUP: reload}
        before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _prepare(deployment: Deployment) -> None:
    deployment.keep_settings()
    # Somebody else at work on a container is let work; nobody here waits for the lock.
    deployment.locks.timeout = 0


def _forget(deployment: Deployment) -> None:
    """What was done too long ago."""
    days = deployment.settings.value("engine", "keep_events")
    deployment.store.forget_events(ago(days * DAY))


def _copy(context: Context) -> None:
    """The state file, once a day, while the monitor goes on."""
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
    """Two would restart everything twice."""
    with lock_file(StateDir(state_dir).monitor_lock) as handle:
        if not try_lock(handle):
            raise KollaError(
                f"another `kolla monitor` watches the deployment of {state_dir}",
                "`systemctl status kolla-monitor` shows the one that systemd started",
            )
        yield

"""A host with a monitor in a hurry, and an engine that is made up."""

import pathlib
import time
from collections.abc import Callable

from kolla.deployment import Deployment
from kolla.monitor import checks, engine, watcher
from kolla.monitor.loop import Loop
from kolla.monitor.watcher import Watcher
from kolla.plugin import Check
from kolla.store.store import Store
from tests.unit.support.engine import Engine
from tests.unit.support.factory import make_spec
from tests.unit.support.plugins import make_catalog, make_container

CONFIG = """\
[DEFAULT]
state_dir = {folder}/state
[host]
enabled = front
[monitor]
listen_port = 0
retry_pause = 0
backoff = 1
"""
#: As the real one in proportion, and a tenth as long: tests wait for what it leads to.
CHECK = Check(interval=0.1, timeout=0.1, retries=2, grace=0.1)


class MadeUp(Deployment):
    """Of containers in a set ``front``, with the configuration and the state in a folder."""

    def __init__(
        self, folder: pathlib.Path, engine: Engine, *containers: str, text: str = "", **requires
    ):
        config = folder / "etc" / "kolla.conf"
        config.parent.mkdir(exist_ok=True)
        config.touch(mode=0o600)
        config.write_text(CONFIG.format(folder=folder) + text)
        super().__init__(config.parent)
        self.backend = engine
        self.installed = make_catalog(
            *(make_container(name, requires=requires.get(name, ())) for name in containers)
        )
        self.configuration.require_valid = lambda *which: None  # it is

    def backend_of(self, name):
        return self.backend

    def another_process(self) -> Store:
        """What a command writes with."""
        return Store(self.state_dir)

    def run(self, name: str, **changes) -> None:
        """Have a new generation of it on record as running, and on the engine."""
        number = self.begin(name, **changes)
        store = self.another_process()
        store.commit(name, number)
        store.update(name, settled=1)

    def begin(self, name: str, **changes) -> int:
        """Have a new generation of it on the engine that does not count yet."""
        spec = make_spec(**{"container": name, "check": CHECK, **changes})
        number = self.another_process().begin(name, spec, {}, "a test")
        self.backend.have(name, number, spec.to_json())
        return number


class Site:
    """One host whose containers have checks that come every tenth of a second."""

    def __init__(self, folder: pathlib.Path, *containers: str, text: str = "", **requires):
        self.engine = Engine()
        self.deployment = MadeUp(folder, self.engine, *containers, text=text, **requires)
        self.store, self.loop = self.deployment.store, Loop()
        self.begin, self.run = self.deployment.begin, self.deployment.run
        self.another_process = self.deployment.another_process
        self.watcher = Watcher(self.deployment, self.loop)
        self.context = self.watcher.context

    def watch(self, monkeypatch) -> None:
        """Begin, with short pauses."""
        for module, names in ((watcher, ("RECORDS", "SWEEP", "WRITE", "FIRST")),
                              (engine, ("AGAIN", "LATER")), (checks, ("PAUSE",))):
            for name in names:
                monkeypatch.setattr(module, name, 0.02)
        self.watcher.start()

    def well(self, *names: str) -> bool:
        """Whether they are healthy, and the monitor has seen them on the engine.

        The check of one may pass before that, and then nobody would see that it has ended since.
        """
        return all(
            self.status(name) == "healthy"
            and self.context.watched[name].engine_restarts is not None for name in names
        )

    def look(self, name: str) -> None:
        """As after a word of the engine."""
        self.loop.call(lambda: self.watcher._engine.look(name))

    def until(self, met: Callable[[], bool], seconds: float = 30) -> None:
        """Let the monitor work until something is so."""
        self._run(met, time.monotonic() + seconds)
        assert met()

    def work(self, sweeps: int = 3) -> None:
        """Let the monitor look through all that the engine has, so often."""
        before = self.engine.sweeps
        self.until(lambda: self.engine.sweeps > before + sweeps)

    def be_asked(self, name: str, times: int = 3) -> None:
        """Let the monitor run the check of a container on the engine, so often."""
        before = self.engine.asked.count(name)
        self.until(lambda: self.engine.asked.count(name) > before + times)

    def _run(self, met: Callable[[], bool], end: float) -> None:
        loop = self.loop

        def see():
            if met() or time.monotonic() > end:
                loop.stop()
            else:
                loop.after(0.02, see)

        loop._stopping = False
        see()
        loop.run()

    def status(self, name: str) -> str:
        return self.context.conditions()[name].status

"""An engine that is made up, and a monitor that watches what is on it, in no time."""

import dataclasses
import pathlib
import queue
import time
from collections.abc import Callable

from tests.unit.factory import make_spec
from tests.unit.plugins import make_catalog, make_container

from kolla.backends.base import ALWAYS, Happenings, Observed, Outcome
from kolla.deployment import Deployment
from kolla.instance import engine_name
from kolla.monitor import lookout, watcher
from kolla.monitor.loop import Loop
from kolla.monitor.watcher import Watcher
from kolla.records import now
from kolla.store import Store

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
CHECK = {"command": ["kolla-check"], "interval": 1, "timeout": 1, "retries": 2, "grace": 1}


class Engine:
    """Does what it is told; ``answers`` are what checks say, or raise."""

    name = "docker"

    def __init__(self):
        self.seen: dict[str, Observed] = {}
        self.answers: dict[str, Outcome | Exception] = {}
        self.asked: list[str] = []
        #: What it raises whatever it is asked; None: nothing.
        self.trouble: Exception | None = None

    def _here(self) -> None:
        if self.trouble:
            raise self.trouble

    def version(self) -> str:
        self._here()
        return "Made up"

    def happenings(self) -> Happenings:
        """None, until it is closed."""
        self._here()
        told = queue.SimpleQueue()
        return Happenings(iter(told.get, None), lambda: told.put(None))

    def observe(self) -> list[Observed]:
        self._here()
        return list(self.seen.values())

    def inspect(self, name: str) -> Observed | None:
        self._here()
        return self.seen.get(name)

    def execute(self, name: str, command, timeout) -> Outcome:
        self._here()
        self.asked.append(name)
        answer = self.answers.get(name, Outcome(0, ""))
        if isinstance(answer, Exception):
            raise answer
        return answer

    def logs(self, name: str, tail=None):
        return iter(())

    def image(self, reference: str) -> None:
        return None

    def require(self, spec) -> None:
        """It can do everything."""

    def start(self, name: str) -> None:
        self.change(name, running=True, status="running", started_at=now())

    def stop(self, name: str, grace: float) -> None:
        self.change(name, running=False, status="exited")

    def set_restart(self, name: str, policy: str) -> None:
        self.change(name, restart=policy)

    def remove(self, name: str) -> None:
        self.seen.pop(name, None)

    def untag(self, reference: str) -> None:
        """It had none."""

    def run(self, container: str, number: int = 1) -> None:
        """Have it, and its process."""
        name = engine_name(container, number)
        self.seen[name] = Observed(
            name, container, number, True, "running", restart=ALWAYS, started_at=now()
        )

    def change(self, name: str, **changes) -> None:
        self.seen[name] = dataclasses.replace(self.seen[name], **changes)

    def die(self, name: str, times: int = 1) -> None:
        """Its process ends so often, and is started again."""
        self.change(name, restarts=self.seen[name].restarts + times, started_at=now())


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
        self.catalog = make_catalog(
            *(make_container(name, requires=requires.get(name, ())) for name in containers)
        )

    def require_valid(self, *_):
        """It is."""

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
        self.backend.run(name, number)
        return number


class Site:
    """One host whose containers have checks that come every second."""

    def __init__(self, folder: pathlib.Path, *containers: str, text: str = "", **requires):
        self.engine = Engine()
        self.deployment = MadeUp(folder, self.engine, *containers, text=text, **requires)
        self.store, self.loop = self.deployment.store, Loop()
        self.begin, self.run = self.deployment.begin, self.deployment.run
        self.another_process = self.deployment.another_process
        self.watcher = Watcher(self.deployment, self.loop)
        self.ward = self.watcher.ward

    def watch(self, monkeypatch) -> None:
        """Begin; nobody waits for long."""
        for module, names in ((watcher, ("RECORDS", "SWEEP", "WRITE", "FIRST")),
                              (lookout, ("AGAIN", "LATER"))):
            for name in names:
                monkeypatch.setattr(module, name, 0.05)
        self.watcher.start()

    def look(self, name: str) -> None:
        """As after a word of the engine."""
        self.loop.call(lambda: self.watcher._lookout.look(name))

    def until(self, met: Callable[[], bool], seconds: float = 10) -> None:
        """Let the monitor work until something is so."""
        self._run(met, time.monotonic() + seconds)
        assert met()

    def work(self, seconds: float) -> None:
        """Let the monitor work for so long."""
        self._run(lambda: False, time.monotonic() + seconds)

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
        return self.ward.conditions()[name].status

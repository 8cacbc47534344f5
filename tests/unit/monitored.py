"""A monitor within the test's own process, over an engine that is made up."""

import dataclasses
import pathlib
import queue
import threading
import time
from collections.abc import Callable

from kolla.backends.base import ALWAYS, Happenings, Observed, Outcome
from kolla.deployment import Deployment
from kolla.monitor.loop import Loop
from kolla.monitor.watcher import Watcher
from kolla.records import now
from tests.unit.factory import make_spec
from tests.unit.plugins import make_catalog, make_container

CHECK = {"command": ["kolla-check"], "interval": 1, "timeout": 1, "retries": 2, "grace": 1}


class Engine:
    """Runs whatever it is told to; ``answers`` has what a check of a container brings."""

    name = "docker"

    def __init__(self):
        self.containers: dict[str, Observed] = {}
        self.answers: dict[str, Outcome | Exception] = {}
        #: What it raises whatever it is asked; None: nothing.
        self.trouble: Exception | None = None
        self.events: queue.SimpleQueue = queue.SimpleQueue()

    def runs(self, container: str, number: int = 1, **changes) -> None:
        values = {"restart": ALWAYS, "started_at": now(), **changes}
        name = f"{container}-g{number}"
        self.containers[name] = Observed(name, container, number, True, "running", **values)

    def change(self, name: str, **changes) -> None:
        self.containers[name] = dataclasses.replace(self.containers[name], **changes)

    def _here(self) -> None:
        if self.trouble:
            raise self.trouble

    def version(self) -> str:
        self._here()
        return "Made up"

    def observe(self) -> list[Observed]:
        self._here()
        return list(self.containers.values())

    def inspect(self, name: str) -> Observed | None:
        self._here()
        return self.containers.get(name)

    def execute(self, name: str, command: tuple[str, ...], timeout: int) -> Outcome:
        self._here()
        answer = self.answers.get(name, Outcome(0, ""))
        if isinstance(answer, Exception):
            raise answer
        return answer

    def happenings(self) -> Happenings:
        self._here()
        return Happenings(iter(self.events.get, None), lambda: self.events.put(None))

    def logs(self, name: str, tail: int | None = None, **asked):
        return iter([("2026-01-01T00:00:00.000000000Z", "a line of its log")])

    def start(self, name: str) -> None:
        self.change(name, running=True, status="running", started_at=now())

    def stop(self, name: str, grace: int) -> None:
        self.change(name, running=False, status="exited")

    def set_restart(self, name: str, policy: str) -> None:
        self.change(name, restart=policy)


class MadeUp(Deployment):
    """Of the containers named, whose first generations run; ``text`` is further configuration."""

    def __init__(self, folder: pathlib.Path, engine: Engine, *names: str, text: str = ""):
        path = folder / "kolla.conf"
        path.touch(mode=0o600)
        path.write_text(
            f"[DEFAULT]\nstate_dir = {folder}/state\n[host]\nenabled = front\n"
            f"[monitor]\nlisten_port = 0\nretry_pause = 0\nbackoff = 1\n{text}"
        )
        super().__init__(folder)
        self.catalog, self.backend = make_catalog(*map(make_container, names)), engine
        for name in names:
            if self.store.container(name).current is None:
                self.store.begin(name, make_spec(container=name, check=CHECK), {}, "start")
                self.store.commit(name, 1)
                self.store.update(name, settled=1)
                engine.runs(name)

    def require_valid(self, *arguments) -> None:
        """The plugins are made up as well."""

    def backend_of(self, name: str) -> Engine:
        return self.backend


class Monitor:
    """Watches a deployment in a thread of its own, between ``with`` and its end."""

    def __init__(self, deployment: Deployment):
        self._loop = Loop()
        self.watcher = Watcher(deployment, self._loop)
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def _watch(self) -> None:
        self.watcher.start()
        self._loop.run()

    def status(self, container: str) -> str:
        condition = self.watcher.ward.conditions().get(container)
        return condition.status if condition else ""

    def __enter__(self) -> "Monitor":
        self._thread.start()
        return self

    def __exit__(self, *error) -> None:
        self._loop.stop()
        self._thread.join()
        self.watcher.close()


def until(condition: Callable, seconds: float = 20):
    """The first result of ``condition`` that is true; fails after that many seconds."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.02)
    return found

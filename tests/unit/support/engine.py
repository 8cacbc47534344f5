"""An engine that is made up, for what is above every backend. It stands for no Docker."""

import dataclasses
import queue
import time

from kolla.backends.instances import engine_name
from kolla.plugin.backend import Backend
from kolla.plugin.instance import Instance
from kolla.plugin.reports import ALWAYS, NEVER, Happenings, ImageFacts, Observed, Outcome, Stranger
from kolla.times import now


class Engine(Backend):
    """Does at once what it is told."""

    name = "docker"

    def __init__(self):
        self.seen: dict[str, Observed] = {}
        #: By reference.
        self.built: dict[str, ImageFacts] = {}
        #: What checks say, or raise; those of all others pass.
        self.answers: dict[str, Outcome | Exception] = {}
        self.asked: list[str] = []
        #: Commands that containers were given, each with its name.
        self.given: list[str] = []
        #: How often it was asked for all that it has.
        self.sweeps = 0
        #: Volumes that were removed.
        self.erased: list[str] = []
        #: One-shot tasks that were run.
        self.tasks: list[str] = []
        self.instances: list[Instance] = []
        #: A container that takes half a second to start and to stop.
        self.slow = ""
        #: What looks as if it were kolla's.
        self.foreign: list[Stranger] = []
        #: The error that every call raises; None: calls succeed.
        self.trouble: Exception | None = None
        #: Raised once by what it is told to do with a container, as ("start", "web-g2").
        self.accidents: dict[tuple[str, str], Exception] = {}

    def _here(self) -> None:
        if self.trouble:
            raise self.trouble

    # What happens by itself

    def have(self, container: str, number: int = 1, snapshot: str = "") -> None:
        """Have it, and its process."""
        name = engine_name(container, number)
        self.seen[name] = Observed(
            name, container, number, True, "running", restart=ALWAYS, committed=True,
            started_at=now(), labels={"kolla.spec": snapshot},
        )

    def change(self, name: str, **changes) -> None:
        self.seen[name] = dataclasses.replace(self.seen[name], **changes)

    def die(self, name: str, times: int = 1) -> None:
        """Its process ends so often, and is started again."""
        self.change(name, restarts=self.seen[name].restarts + times, started_at=now())

    def running(self) -> list[str]:
        return [name for name, seen in self.seen.items() if seen.running]

    # What it tells

    def version(self) -> str:
        self._here()
        return "Made up"

    def happenings(self) -> Happenings:
        """None, until it is closed."""
        self._here()
        told = queue.SimpleQueue()
        return Happenings(iter(told.get, None), lambda: told.put(None))

    def observe(self, container: str | None = None) -> list[Observed]:
        self.sweeps += container is None
        self._here()
        return [seen for seen in self.seen.values() if container in (None, seen.container)]

    def strangers(self) -> list[Stranger]:
        self._here()
        return self.foreign

    def inspect(self, name: str) -> Observed | None:
        self._here()
        return self.seen.get(name)

    def image(self, reference: str) -> ImageFacts | None:
        by_id = {facts.id: facts for facts in self.built.values()}
        return self.built.get(reference) or by_id.get(reference)

    def images(self) -> list[ImageFacts]:
        return list(self.built.values())

    def read_file(self, image, path, container="") -> bytes:
        return b"{}"

    def logs(self, name, tail=None, since=None, until=None, follow=False):
        return iter(())

    # What it does

    def tag(self, image: str, reference: str) -> None:
        self.built[reference] = self.image(image)

    def untag(self, reference: str) -> None:
        self.built.pop(reference, None)

    def create(self, instance: Instance) -> None:
        labels = instance.labels
        self.seen[instance.name] = Observed(
            instance.name, labels["kolla.container"], int(labels["kolla.generation"]),
            False, "created", restart=NEVER, labels=labels, exit_code=0,
        )

    def start(self, name: str) -> None:
        self._told("start", name, running=True, status="running", started_at=now())

    def stop(self, name: str, grace: int) -> None:
        self._told("stop", name, running=False, status="exited")

    def set_restart(self, name: str, policy: str) -> None:
        committed = self.seen[name].committed or policy == ALWAYS
        self._told("set_restart", name, restart=policy, committed=committed)

    def _told(self, what: str, name: str, **changes) -> None:
        if self.seen[name].container == self.slow and what in ("start", "stop"):
            time.sleep(0.5)
        if accident := self.accidents.pop((what, name), None):
            raise accident
        self.change(name, **changes)

    def remove(self, name: str) -> None:
        self.seen.pop(name, None)

    def execute(self, name: str, command, timeout: int) -> Outcome:
        self._here()
        self.asked.append(name)
        self.given.append(" ".join([name, *command]))
        answer = self.answers.get(name, Outcome(0, ""))
        if isinstance(answer, Exception):
            raise answer
        return answer

    def run(self, instance: Instance, timeout: int) -> Outcome:
        self.tasks.append(instance.name)
        self.instances.append(instance)
        return self.answers.get(instance.name, Outcome(0, ""))

    def remove_volume(self, name: str) -> None:
        self.erased.append(name)

    def shell(self, name, command, tty):
        return command

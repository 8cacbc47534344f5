"""The invariants of a container while no command is at work on it."""

import collections
import contextlib
import dataclasses
import http.client
import pathlib
import shutil
import socket
import time

import yaml

from kolla.store.records import ABSENT, RUNNING, STOPPED, Generation, Record
from kolla.store.store import Store
from tests.functional.support.crash import Ended, Tool
from tests.functional.support.harness import Deployment

CONFIGURATION = """\
[host]
enabled = {enabled}

[engine]
keep_generations = 2
keep_history = 100000

[synthetic]
port = {port}

[monitor]
grace = {container}:60
"""
#: How often the service is asked: two that share a port answer in turns.
QUESTIONS = 4
#: What a container that compose made is in its file, by its restart policy.
COMPOSED = {"always": "current", "unless-stopped": "stopped", "no": "kept"}


@dataclasses.dataclass(frozen=True)
class Seen:
    """A container as the engine has it."""

    name: str
    generation: int
    status: str
    restart: str
    pid: int
    composed: bool

    @property
    def running(self) -> bool:
        return self.status in ("running", "restarting")


def _labels(found: dict) -> dict:
    return found["Config"]["Labels"]


class World:
    """One container of the synthetic service: its state file, the engine, and its answers."""

    #: The containers of the host; empty: this one.
    enabled = ""

    def __init__(self, deployment: Deployment, container: str, port: int = 18999):
        self.deployment, self.container, self.port = deployment, container, port
        self.kind = container.removeprefix("synthetic-")
        self.tool = Tool(deployment)
        deployment.configure(CONFIGURATION.format(
            enabled=self.enabled or container, container=container, port=port,
        ), "50-world")
        self._given: dict[int, str] = {}
        self.reset()

    def kolla(self, *arguments: str, expect: int | None = 0) -> Ended:
        """Run a command that nothing happens to."""
        ended = self.tool.run(*arguments)
        assert expect is None or ended.exit_code == expect, (
            f"kolla {' '.join(arguments)} ended with {ended.exit_code}\n{ended.output}"
        )
        return ended

    def settle(self) -> None:
        """Have there what a command is to meet besides this container."""

    # What is recorded

    def read(self, question):
        """Ask the state file, over a connection of its own."""
        store = Store(self.deployment.state_dir)
        try:
            return question(store)
        finally:
            store.close()

    def record(self) -> Record:
        return self.read(lambda store: store.container(self.container))

    def generations(self) -> list[Generation]:
        return self.read(lambda store: store.generations(self.container))

    def journal(self, limit: int = 1000) -> dict[int, str]:
        """How the newest events ended."""
        newest = self.read(lambda store: store.events(limit, self.container, operations=True))
        return {event.id: event.outcome for event in newest}

    def lose_state(self) -> None:
        """The state file is gone; the numbers beside it are not."""
        for path in self.deployment.state_dir.glob("kolla.sqlite*"):
            path.unlink()
        highest = max(self._given, default=0)
        self._given = {number: "lost" for number in range(1, highest + 1)}

    def reset(self) -> None:
        """As on a machine that has never seen this container."""
        with self.deployment.engine.client() as client:
            for container in client.containers.list(all=True, ignore_removed=True):
                if container.labels.get("kolla.container") in (None, self.container):
                    container.remove(force=True, v=True)
            for volume in client.volumes.list():
                if volume.name == self.container:
                    volume.remove(force=True)
            for number in self.kept_images():
                client.images.remove(self._kept(number))
        shutil.rmtree(self.deployment.state_dir, ignore_errors=True)
        self._given = {}
        #: Then what is stopped may be missing, with its folder there: a start makes it again.
        self.removed_by_hand = False
        self.kolla("config", "passwords")

    # What the engine has

    def seen(self) -> list[Seen]:
        """The generations of this container."""
        ours = {"label": f"kolla.container={self.container}"}
        with self.deployment.engine.client() as client:
            rows = client.api.containers(all=True, filters=ours)
            found = [client.api.inspect_container(row["Id"]) for row in rows]
        return [self._inspected(each) for each in found if "kolla.task" not in _labels(each)]

    def _inspected(self, found: dict) -> Seen:
        return Seen(
            found["Name"].lstrip("/"), int(_labels(found)["kolla.generation"]),
            found["State"]["Status"], found["HostConfig"]["RestartPolicy"]["Name"],
            found["State"]["Pid"], "com.docker.compose.project" in _labels(found),
        )

    def kept_images(self) -> set[int]:
        """Generations whose image has a name that protects it."""
        prefix = self._kept("")
        with self.deployment.engine.client() as client:
            tags = [tag for image in client.api.images() for tag in image["RepoTags"] or []]
        return {int(tag.removeprefix(prefix)) for tag in tags if tag.startswith(prefix)}

    def _kept(self, number: int | str) -> str:
        return f"kolla-generation/{self.container}:{number}"

    def compose_file(self) -> dict[str, str]:
        """The services in it and what each is; none without a file."""
        path = self.deployment.state_dir / "compose" / "compose.yaml"
        services = yaml.safe_load(path.read_text())["services"] if path.exists() else {}
        return {name: (service.get("profiles") or ["current"])[0]
                for name, service in (services or {}).items()}

    def has_data(self) -> bool:
        """Whether its volume is there."""
        with self.deployment.engine.client() as client:
            return self.container in {volume.name for volume in client.volumes.list()}

    def volume_journal(self) -> list[str]:
        """What the service and its tasks have written down on the volume."""
        with self.deployment.engine.client() as client:
            folders = [volume.attrs["Mountpoint"] for volume in client.volumes.list()
                       if volume.name == self.container]
        journals = [pathlib.Path(folder, "journal") for folder in folders]
        return [line for path in journals if path.exists()
                for line in path.read_text().splitlines()]

    def folders(self) -> set[int]:
        folder = self.deployment.state_dir / "generations" / self.container
        return {int(path.name) for path in folder.iterdir()} if folder.exists() else set()

    # What serves

    def answers(self) -> set[str]:
        """The answers at the public address: generations, or that there is no server."""
        return {self.ask() for _ in range(QUESTIONS)}

    def ask(self) -> str:
        connection = http.client.HTTPConnection(
            self.deployment.address, self.port, timeout=60
        )
        try:
            connection.request("GET", "/generation")
            answer = connection.getresponse()
            return answer.read().decode() if answer.status == 200 else str(answer.status)
        except ConnectionRefusedError:
            return "nobody"
        finally:
            connection.close()

    def wait_until_started(self, seconds: float = 120) -> None:
        """Until all that runs is well: the engine has started it again a moment ago."""
        deadline = time.monotonic() + seconds
        while not all(self.well(item) for item in self.seen() if item.running):
            assert time.monotonic() < deadline, self.seen()

    def serving(self) -> set[int]:
        """The generations at work, as they say themselves; the records are not asked."""
        running = {item.generation for item in self.seen() if item.running}
        answers = self.answers() - {"nobody"} if self.kind == "http" else set()
        assert {int(answer) for answer in answers} <= running, (answers, running)
        return running

    def committed(self) -> set[int]:
        """Generations that counted at some time."""
        return {generation.number for generation in self.generations() if generation.committed}

    def well(self, seen: Seen) -> bool:
        """What the container's own check would say, asked on its private socket.

        One that was started a moment ago is given the time to open that.
        """
        for _ in range(600):
            with contextlib.suppress(FileNotFoundError, ConnectionRefusedError):
                return self._well(seen)
            time.sleep(0.05)
        return False

    def _well(self, seen: Seen) -> bool:
        with socket.socket(socket.AF_UNIX) as connection:
            processes = self.deployment.engine.processes
            connection.connect(f"{processes}/{seen.pid}/root/run/kolla/app.sock")
            connection.sendall(b"GET /check HTTP/1.0\r\n\r\n")
            return b" 200 " in connection.recv(4096)

    # What has to hold

    def assert_consistent(self) -> None:
        """No command is at work, and the engine agrees with the records."""
        record, generations = self.record(), self.generations()
        self._assert_recorded(record, generations)
        self._assert_numbers(record, generations)
        self._assert_events()
        self._assert_nobodys()
        seen = self.seen()
        self._assert_engine(record, {g.number: g for g in generations}, seen)
        self._assert_prepared(generations)
        self._assert_serves(record, seen)

    def _assert_recorded(self, record: Record, generations: list[Generation]) -> None:
        assert record.settled and not record.erase, record
        outcomes = collections.Counter(generation.outcome for generation in generations)
        assert outcomes["trying"] == 0, outcomes
        current = [g.number for g in generations if g.outcome == "current"]
        assert current == ([] if record.current is None else [record.current]), (current, record)
        assert record.target != RUNNING or record.current is not None
        if record.target != RUNNING:
            assert record.health in ("unknown", record.target), record

    def _assert_prepared(self, generations: list[Generation]) -> None:
        """What ran at a later release and never counted has prepared the way back."""
        journal = self.volume_journal()
        committed = [generation for generation in generations if generation.committed]
        for tried in (generation for generation in generations if not generation.committed):
            before = [known for known in committed if known.number < tried.number]
            if before and before[-1].snapshot.release < tried.snapshot.release:
                number = tried.number
                prepared = f"before-rollback {number} of {self.container} to "
                told = any(line.startswith(prepared) for line in journal)
                assert told or f"start {number}" not in journal, (number, journal)

    def _assert_numbers(self, record: Record, generations: list[Generation]) -> None:
        for generation in generations:
            made = self._given.setdefault(generation.number, generation.created)
            assert made in ("lost", generation.created), (
                f"number {generation.number} was used twice"
            )
        highest = self.read(lambda store: store.numbers.highest(self.container))
        assert max(highest, record.last_number) >= max(self._given, default=0)
        unknown = set(self._given) - {g.number for g in generations}
        assert all(self._given[number] == "lost" for number in unknown)

    def _assert_events(self) -> None:
        begun = self.read(lambda store: store.begun(self.container))
        assert not begun, "nobody is at work, but the journal says so"

    def _assert_nobodys(self) -> None:
        """Every container on the engine is recorded, and no task is left over."""
        with self.deployment.engine.client() as client:
            rows = client.api.containers(all=True)
            volumes = client.api.volumes(filters={"dangling": True})["Volumes"] or []
        for row in rows:
            owner = row["Labels"].get("kolla.container")
            assert owner, f"nobody's container is on the engine: {row}"
            assert owner != self.container or "kolla.task" not in row["Labels"], row
        names = [volume["Name"] for volume in volumes]
        assert all(name.startswith("synthetic-") for name in names), names

    def _assert_engine(
        self, record: Record, generations: dict[int, Generation], seen: list[Seen]
    ) -> None:
        cared_for = "no" if record.failed else "always"
        wanted = {RUNNING: ("running", cared_for), STOPPED: ("exited", "unless-stopped")}
        here = {item.generation: (item.status, item.restart) for item in seen}
        current = here.pop(record.current, None)
        missing = record.target == STOPPED and self.removed_by_hand and current is None
        assert missing or current == wanted.get(record.target), (current, record)
        committed = {n for n, g in generations.items() if g.committed} - {record.current}
        kept = {max(committed, default=0)} if record.target != ABSENT else set()
        assert set(here) <= kept, f"orphans: {here} beside {record.current}, of {committed}"
        assert all(state[1] == "no" for state in here.values()), here
        assert not any(item.running for item in seen if item.generation in here), here
        tags = self.kept_images()
        assert tags == {number for number, g in generations.items() if g.kept}, tags
        folders, on_engine = self.folders(), {item.generation for item in seen}
        assert folders == on_engine or self.removed_by_hand, (folders, seen)
        assert on_engine <= folders <= on_engine | tags, (folders, seen, tags)
        self._assert_compose_file(seen)

    def _assert_compose_file(self, seen: list[Seen]) -> None:
        told = {name: state for name, state in self.compose_file().items()
                if name.rpartition("-g")[0] == self.container}
        composed = {item.name: COMPOSED[item.restart] for item in seen if item.composed}
        assert composed == told or self.removed_by_hand, (composed, told)
        assert composed.items() <= told.items(), (composed, told)

    def _assert_serves(self, record: Record, seen: list[Seen]) -> None:
        assert all(self.well(item) for item in seen if item.running)
        conflicts = [line for line in self.volume_journal() if line.startswith("conflict")]
        assert self.kind != "agent" or not conflicts, "two were at work at once"
        if self.kind == "http":
            serving = {str(record.current)} if record.target == RUNNING else {"nobody"}
            assert self.answers() == serving, (self.answers(), record)

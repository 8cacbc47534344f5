"""Watching what users of a service notice, and whether a command touched anything."""

import contextlib
import http.client
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator

from tests.functional.support.beside import beside
from tests.functional.support.harness import Deployment

#: Seconds between two questions, at least.
PAUSE = 0.02
#: Whoever asks rests so many times as long as the answer took: what is slow to answer costs the
#: processor, of which what is tested needs most.
REST = 2
#: Seconds of such a rest at most.
LONGEST_REST = 1.0


class Answers:
    """What came back for a question that was put again and again."""

    def __init__(self):
        self.given: list = []
        self.failures: list[str] = []
        self._more = threading.Condition()

    def add(self, question: Callable) -> None:
        try:
            self.given.append(question())
        except Exception as error:  # any error that a client may meet
            self.failures.append(f"after {len(self.given)} answers: {error!r}")
        with self._more:
            self._more.notify_all()

    def wait_for(self, condition: Callable[[], bool], seconds: float = 60) -> None:
        """Until a condition holds, which is looked at after each answer."""
        with self._more:
            assert self._more.wait_for(condition, seconds), f"not within {seconds} s"


@contextlib.contextmanager
def asking(question: Callable, pause: float = PAUSE) -> Iterator[Answers]:
    """Put a question again and again while the block runs. One that raises has failed.

    ``pause`` is the least number of seconds between two. The block's end waits for an answer to a
    question that was put after everything in it.
    """
    answers = Answers()

    def ask(done: threading.Event) -> None:
        while True:
            last, began = done.is_set(), time.monotonic()
            answers.add(question)
            if last:
                return
            done.wait(max(pause, _rest(time.monotonic() - began)))

    with beside(ask):
        yield answers


def get(address: str, port: int, path: str = "/", timeout: float = 60) -> str:
    """The body of a successful answer, over a new connection."""
    connection = http.client.HTTPConnection(address, port, timeout=timeout)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read().decode()
        assert answer.status < 300, f"{answer.status}: {body}"
        return body
    finally:
        connection.close()


def generation(deployment: Deployment) -> int:
    """Which generation of synthetic-http serves, as its clients are told."""
    return int(get(deployment.address, 18999, "/generation"))


@contextlib.contextmanager
def serving(deployment: Deployment) -> Iterator[Answers]:
    """synthetic-http is asked while the block runs, and must not fail once."""
    with asking(lambda: generation(deployment)) as answers:
        yield answers
    assert answers.failures == [] and answers.given


def until(condition: Callable, seconds: float = 60):
    """The first result of ``condition`` that is true; fails after that many seconds."""
    deadline = time.monotonic() + seconds
    while True:
        began = time.monotonic()
        if found := condition():
            return found
        now = time.monotonic()
        assert now < deadline, f"not within {seconds} s"
        time.sleep(max(PAUSE, _rest(now - began)))


def _rest(took: float) -> float:
    return min(REST * took, LONGEST_REST)


@contextlib.contextmanager
def untouched(deployment: Deployment) -> Iterator[None]:
    """The block changes nothing on the engine, and nothing that kolla remembers."""
    before, began = _everything(deployment), time.time()
    yield
    assert engine_events(deployment, began) == []
    assert _everything(deployment) == before


def engine_events(deployment: Deployment, since: float) -> list[str]:
    """What happened on the engine from a time on."""
    with deployment.engine.client() as client:
        found = client.api.events(since=f"{since:.6f}", until=f"{time.time():.6f}", decode=True)
        return [f"{event['Type']} {event['Action']} {_name(event)}" for event in found]


def _name(event: dict) -> str:
    return event["Actor"]["Attributes"].get("name", event["Actor"]["ID"])


def _everything(deployment: Deployment) -> dict:
    with deployment.engine.client() as client:
        containers = [
            (found["Name"], found["Id"], found["State"], found["HostConfig"]["RestartPolicy"])
            for found in (client.api.inspect_container(row["Id"])
                          for row in client.api.containers(all=True))
        ]
        images = sorted((row["Id"], sorted(row["RepoTags"] or [])) for row in client.api.images())
        volumes = sorted(row["Name"] for row in client.api.volumes()["Volumes"] or [])
    return {
        "containers": containers, "images": images, "volumes": volumes,
        "store": remembered(deployment),
        "folders": sorted(map(str, (deployment.state_dir / "generations").glob("*/*"))),
    }


def remembered(deployment: Deployment) -> list[str]:
    """All rows of the state file, as SQL."""
    path = deployment.state_dir / "kolla.sqlite"
    if not path.exists():
        return []
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        return [line for line in database.iterdump() if line.startswith("INSERT")]

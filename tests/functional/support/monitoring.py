"""A monitor at work, what it says, and containers that do what a test wants of them."""

import collections
import contextlib
import json
import pathlib
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator

from tests.functional.support.harness import SYNTHETIC, Deployment
from tests.functional.support.watching import until

CROWD = pathlib.Path(__file__).parents[1] / "crowd"
#: A monitor in a hurry.
CONFIGURATION = """\
[monitor]
retry_pause = 0
backoff = 1
backoff_max = 3

[engine]
probation = 4
"""


class Monitor:
    """A ``kolla monitor`` and everything it has written so far."""

    def __init__(
        self, deployment: Deployment, log: pathlib.Path, *arguments: str,
        prefix: tuple[str, ...] = (),
    ):
        self.deployment, self.log = deployment, log
        with log.open("w") as stream:
            self.process = subprocess.Popen(
                [*prefix, *deployment.command(*arguments, "monitor")], stdin=subprocess.DEVNULL,
                stdout=stream, stderr=stream, env=deployment.environment(),
            )

    @property
    def said(self) -> list[str]:
        return self.log.read_text().splitlines()

    def says(self, text: str, times: int = 1, seconds: float = 60) -> str:
        """The last of so many lines with that text, once they are there."""
        def found() -> str:
            assert self.process.poll() is None, "\n".join(self.said)
            lines = [line for line in self.said if text in line]
            return lines[times - 1] if len(lines) >= times else ""

        deadline = time.monotonic() + seconds
        while not (line := found()):
            assert time.monotonic() < deadline, (
                f"{text!r} was not said within {seconds} s:\n" + "\n".join(self.said)
            )
            time.sleep(0.05)
        return line

    def end(self, signal_method: str = "terminate") -> int:
        """Its exit code."""
        if self.process.poll() is None:
            getattr(self.process, signal_method)()
        return self.process.wait(60)


@contextlib.contextmanager
def monitoring(
    deployment: Deployment, *arguments: str, prefix: tuple[str, ...] = ()
) -> Iterator[Monitor]:
    """A monitor that watches while the block runs; ``prefix`` is a command it is started with."""
    with tempfile.TemporaryDirectory() as folder:
        monitor = Monitor(deployment, pathlib.Path(folder, "log"), *arguments, prefix=prefix)
        try:
            monitor.says("watches the containers of")
            yield monitor
        finally:
            code = monitor.end()
            print("\n".join(monitor.said))
        assert code in (0, -9), monitor.said


def healthy(deployment: Deployment, *names: str, seconds: float = 60) -> None:
    """Wait until the monitor has found these, or all, well."""
    def all_are() -> bool:
        rows = quick(deployment)
        return all(row["health"] == "healthy" for row in rows
                   if not names or row["container"] in names)

    until(all_are, seconds)


def checked(deployment: Deployment, container: str) -> bool:
    """Whether this monitor, not one before it, has run the container's check."""
    url = f"http://{deployment.address}:9555/containers/{container}"
    try:
        with urllib.request.urlopen(url) as answer:
            return json.load(answer)["age"] is not None
    except OSError:
        return False


def wait_for_checks(deployment: Deployment, container: str, times: int) -> None:
    """Wait until the monitor has run so many further checks of a container."""
    before = _checks(deployment, container)
    until(lambda: _checks(deployment, container) >= before + times)


def _checks(deployment: Deployment, container: str) -> int:
    """How many checks of a container this monitor has run, as Prometheus is told."""
    name = f'kolla_container_check_duration_seconds_count{{container="{container}"}} '
    with urllib.request.urlopen(f"http://{deployment.address}:9555/metrics") as answer:
        lines = answer.read().decode().splitlines()
    return sum(int(float(line.removeprefix(name))) for line in lines if line.startswith(name))


def quick(deployment: Deployment) -> list[dict]:
    return deployment.kolla("set", "check", "--quick", "-f", "json", expect=None).json()


def start_crowd(deployment: Deployment, members: int) -> list[str]:
    """Start a database and so many services that require it; returns the names of these."""
    deployment.install_plugin(SYNTHETIC)
    deployment.install_plugin(CROWD)
    names = [f"crowd-{number}" for number in range(members)]
    points, = deployment.plugins.glob("kolla_crowd-*/entry_points.txt")
    with points.open("a") as file:  # its containers come last
        for number, name in enumerate(names):
            print(f"{name} = kolla_crowd:MEMBER_{number}", file=file)
    deployment.configure("[host]\nenabled = crowd\n", "10-host")
    deployment.kolla("config", "passwords")
    deployment.kolla("set", "start")
    return names


def process_of(deployment: Deployment, container: str) -> int:
    """Its PID 1, as the host numbers it."""
    with deployment.engine.client() as client:
        found, = client.containers.list(filters={"label": f"kolla.container={container}"})
        process = found.attrs["State"]["Pid"]
    assert process, f"{container} has no process"  # a signal to 0 would hit these tests
    return process


def set_mood(deployment: Deployment, container: str, mood: str) -> None:
    """Tell every check of a container what to do from now on; empty: what it is for."""
    (_volume(deployment, container) / "mood").write_text(mood)


def starts(deployment: Deployment, container: str) -> int:
    """How often its process has begun, as its journal has it."""
    return collections.Counter(line.split()[0] for line in journal(deployment, container))["start"]


def journal(deployment: Deployment, container: str) -> list[str]:
    return (_volume(deployment, container) / "journal").read_text().splitlines()


def _volume(deployment: Deployment, container: str) -> pathlib.Path:
    with deployment.engine.client() as client:
        return pathlib.Path(client.volumes.get(container).attrs["Mountpoint"])


def incidents(deployment: Deployment, container: str) -> list[dict]:
    """What `kolla container history --evidence` tells."""
    return deployment.kolla(
        "container", "history", container, "--evidence", "-f", "json"
    ).json()

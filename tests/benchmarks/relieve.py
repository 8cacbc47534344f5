"""How long nobody works while a worker is upgraded: relieved by the next one, or replaced.

The synthetic worker and the synthetic agent hold a lock on their volume while they work. Whether
anybody does is seen in the kernel's list of locks, which disturbs nobody.
"""

import contextlib
import os
import pathlib
import threading
import time
from collections.abc import Iterator

from tests.benchmarks import lab
from tests.benchmarks.report import Result, milliseconds
from tests.benchmarks.stats import median
from tests.functional.conftest import SYNTHETIC

#: By container: what becomes of the old one.
WAYS = {"synthetic-agent": "relieve", "synthetic-worker": "replace"}
#: Seconds that a worker takes to load: a small one, and one of OpenStack.
LOADS = (0, 3)
#: Seconds between two looks.
PAUSE = 0.001
#: Seconds after which somebody works again.
PATIENCE = 60
#: Seconds in which a worker that is relieved does not work, at most.
BAR = 3


class Work:
    """Looks whether a worker works, and for how long none did."""

    def __init__(self, lock: pathlib.Path):
        self._inode = f":{os.stat(lock).st_ino} "
        self._ended = threading.Event()
        self.longest = 0.0

    def goes_on(self) -> bool:
        return self._inode in pathlib.Path("/proc/locks").read_text()

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        watching = threading.Thread(target=self._watch)
        watching.start()
        try:
            yield
        finally:
            self._ended.set()
            watching.join()

    def _watch(self) -> None:
        last = time.monotonic()
        while not self._ended.wait(PAUSE):
            now = time.monotonic()
            if self.goes_on():
                self.longest = max(self.longest, now - last)
                last = now


def run(quick: bool) -> Result:
    changes = 3 if quick else 10
    rows, data = [], {}
    with lab.running_engine() as engine, lab.deployment(engine) as deployment:
        deployment.install_plugin(SYNTHETIC)
        deployment.kolla("config", "passwords")
        lab.build_images(deployment, "synthetic")
        deployment.configure(f"[host]\nenabled = {', '.join(WAYS)}\n", "70-enabled")
        for loads in LOADS:
            deployment.configure(_change(0, loads), "80-change")
            deployment.kolla("container", "start", *WAYS)
            for name, way in WAYS.items():
                gaps, took = _measure(deployment, name, loads, changes)
                rows.append([
                    way, f"{loads} s", f"{median(took):.1f} s", milliseconds(median(gaps)),
                    milliseconds(max(gaps)),
                ])
                data[f"{way}, loads {loads} s"] = {"gaps": gaps, "took": took}
            deployment.kolla("container", "delete", *WAYS, "--yes", "--data")
    relieved = [gap for name, found in data.items() if "relieve" in name for gap in found["gaps"]]
    return Result(
        "relieve",
        f"{changes} upgrades of a worker in a row, which takes some time to load",
        ("way", "loads", "each takes", "nobody works", "longest"), rows, data,
        {f"a worker that is relieved is away for less than {BAR} s": max(relieved) < BAR},
    )


def _change(number: int, loads: float) -> str:
    kinds = [name.removeprefix("synthetic-") for name in WAYS]
    lines = [f"{kind}_start_delay = {loads}\n{kind}_failure_after = {number}\n" for kind in kinds]
    return "[synthetic]\n" + "".join(lines)


def _measure(
    deployment: lab.Deployment, name: str, loads: float, changes: int
) -> tuple[list[float], list[float]]:
    """The longest time of each change in which nobody worked, and how long the change took."""
    with deployment.engine.client() as client:
        folder = pathlib.Path(client.volumes.get(name).attrs["Mountpoint"])
    gaps, took = [], []
    for number in range(1, changes + 1):
        deployment.configure(_change(number, loads), "80-change")
        work, began = Work(folder / "lock"), time.monotonic()
        with work.watched():
            deployment.kolla("container", "upgrade", name)
            took.append(time.monotonic() - began)
            _wait_for(work)
        gaps.append(work.longest)
    return gaps, took


def _wait_for(work: Work) -> None:
    until = time.monotonic() + PATIENCE
    while not work.goes_on():
        assert time.monotonic() < until, "nobody works any more"
        time.sleep(PAUSE)

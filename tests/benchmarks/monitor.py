"""What it costs to watch 200 containers, and how soon one that is ill serves again."""

import contextlib
import dataclasses
import math
import os
import random
import shlex
import signal
import time
from collections.abc import Iterator

from kolla.backends.instances import engine_name
from kolla.catalog import naming
from kolla.deployment import Deployment as Library
from tests.benchmarks import lab, processes
from tests.benchmarks.report import Result, milliseconds, seconds
from tests.benchmarks.stats import median
from tests.benchmarks.watchers import Autoheal, Kolla
from tests.functional.conftest import SYNTHETIC
from tests.functional.support.watching import get

#: Of one core; bytes; seconds of CPU for one check of a real service.
CPU_BAR, MEMORY_BAR, CHECK_BAR = 0.03, 100e6, 0.05
INTERVAL, TIMEOUT, RETRIES = 10, 5, 2
#: The monitor's own, between a failed check and the next.
PAUSE = 5
#: Seconds within which whatever happens is told.
PATIENCE = INTERVAL + RETRIES * (TIMEOUT + PAUSE)
#: How often a check is run to know what one costs.
TIMES = 20
NOBODY = "nobody"
VICTIM, PORT = "victim", 18999
FAULTS = {"killed": signal.SIGKILL, "hung": signal.SIGSTOP}
SERVICES, RELEASE = ("mariadb", "rabbitmq", "keystone", "glance-api"), "2026.1"

#: Many containers that do nothing, and one that can be asked.
PLUGIN = f"""\
import dataclasses

from kolla.plugin import Check, Container, ContainerSet, Volume
from kolla_plugins.images import BASE
from kolla_synthetic import HTTP

MANY = ContainerSet("many", "Containers that do nothing, and one that serves")
CHECK = dict(interval={INTERVAL}, timeout={TIMEOUT}, retries={RETRIES}, grace=5)
VICTIM = dataclasses.replace(
    HTTP, name="{VICTIM}", parent="many", check=Check(**CHECK), bootstrap=(), dump=(), expand=(),
    contract=(), before_rollback=(), volumes=(Volume("{VICTIM}", "/var/lib/synthetic"),),
)
for number in range(%d):
    globals()[f"NUMBER_{{number}}"] = Container(
        name=f"many-{{number}}",
        parent="many",
        summary="Does nothing",
        image=BASE,
        user=42000,
        command=("sleep", "infinity"),
        check=Check(command=("true",), **CHECK),
        stop_grace=0,
    )
"""
#: So that one container may be ill again and again while it is measured.
CONFIGURATION = """\
[host]
enabled = many

[monitor]
restarts_per_hour = 1000
backoff = 0

[engine]
probation = 0
"""


@dataclasses.dataclass
class Cost:
    """Seconds of CPU in a second."""

    watcher: float
    #: The engine, what it starts, and the containers themselves.
    engine: float
    #: Bytes.
    memory: int = 0

    @property
    def all(self) -> float:
        return self.watcher + self.engine


@dataclasses.dataclass
class Healed:
    """Seconds from a fault until the log told of it, if it did, and until it was over."""

    told: float | None
    serves: float


def run(quick: bool) -> Result:
    many, window, rounds = (40, 30, 1) if quick else (200, 120, 3)
    costs, healed = {}, {}
    with lab.running_engine() as engine:
        with lab.deployment(engine) as deployment:
            _start(deployment, many)
            costs[NOBODY] = _cost(deployment, None, window / 2)
            for way in (Kolla(deployment), Autoheal(deployment)):
                with _watching(way):
                    costs[way.name] = _cost(deployment, way.pid, window)
                    healed[way.name] = {
                        name: [_fault(deployment, way, number) for _ in range(rounds)]
                        for name, number in FAULTS.items()
                    }
        checks = _cost_of_checks(engine)
    return _result(many, costs, healed, checks)


def _start(deployment: lab.Deployment, many: int) -> None:
    deployment.install_plugin(SYNTHETIC)
    points = {f"many-{number}": f"kolla_many:NUMBER_{number}" for number in range(many)}
    deployment.install("kolla_many", {
        "kolla.container_sets": {"many": "kolla_many:MANY"},
        "kolla.containers": {**points, VICTIM: "kolla_many:VICTIM"},
    }, PLUGIN % many)
    lab.build_images(deployment, "base", "synthetic")
    deployment.configure(CONFIGURATION)
    deployment.kolla("set", "start", "many")


@contextlib.contextmanager
def _watching(way) -> Iterator[None]:
    way.begin()
    try:
        time.sleep(2 * INTERVAL)  # the cost of the start is over
        yield
    finally:
        way.end()


def _cost(deployment: lab.Deployment, pid: int | None, window: float) -> Cost:
    def used() -> tuple[float, float]:
        return processes.cpu(pid) if pid else 0, processes.cpu_of_all(mark)

    mark = str(deployment.engine.run / "exec")
    before, began = used(), time.monotonic()
    time.sleep(window)
    after, took = used(), time.monotonic() - began
    each = ((later - earlier) / took for earlier, later in zip(before, after))
    return Cost(*each, processes.memory(pid) if pid else 0)


def _fault(deployment: lab.Deployment, way, number: signal.Signals) -> Healed:
    """At any moment between two checks, to a container that has run for a while."""
    time.sleep(INTERVAL * random.uniform(1, 2))
    with deployment.engine.client() as client:
        victim, = client.containers.list(filters={"label": f"kolla.container={VICTIM}"})
        process = processes.child(victim.attrs["State"]["Pid"])
    before, told, serves, began = way.told(), None, None, time.monotonic()
    os.kill(process, number)
    while serves is None or told is None and time.monotonic() - began < PATIENCE:
        if told is None and way.told() > before:
            told = time.monotonic() - began
        if serves is None and _serves(deployment):
            serves = time.monotonic() - began
        time.sleep(0.02)
    return Healed(told, serves)


def _serves(deployment: lab.Deployment) -> bool:
    try:
        return bool(get(deployment.address, PORT, timeout=0.2))
    except OSError:
        return False


def _cost_of_checks(engine) -> dict[str, float]:
    """Seconds of CPU that the processes of one check use, by container.

    Of the real services if their images are there, else of the synthetic one.
    """
    with lab.deployment(engine) as deployment:
        deployment.install_plugin(SYNTHETIC)
        deployment.kolla("config", "passwords")
        library = Library(deployment.config_dir)
        containers = [library.catalog.container(name) for name in SERVICES]
        built = all(
            library.backend.image(naming.reference(container.image, RELEASE, "kolla"))
            for container in containers
        )
        names = SERVICES if built else ("synthetic-worker",)
        deployment.configure(f"[host]\nenabled = {', '.join(names)}\n")
        deployment.kolla("set", "start")
        found = {name: _cost_of_check(library, name) for name in names}
        library.store.close()
        return found


def _cost_of_check(library: Library, name: str) -> float:
    """Many times the same, since each is short; bash tells what they have used."""
    current = library.store.generations(name)[-1]
    check = shlex.join(current.snapshot.check.command)
    script = f"TIMEFORMAT='%3U %3S'; time for i in {{1..{TIMES}}}; do {check} || exit 1; done"
    outcome = library.backend.execute(
        engine_name(name, current.number), ("bash", "-c", script), 120
    )
    if outcome.exit_code:
        raise RuntimeError(f"the check of {name} failed: {outcome.output}")
    return sum(map(float, outcome.output.splitlines()[-1].split())) / TIMES


def _result(
    many: int, costs: dict[str, Cost], healed: dict[str, dict[str, list[Healed]]],
    checks: dict[str, float],
) -> Result:
    ours = costs[Kolla.name]
    told = max(one.told or math.inf for found in healed[Kolla.name].values() for one in found)
    return Result(
        "monitor",
        f"{many} containers checked every {INTERVAL} s, and one that is killed, or hangs"
        f" (median of {len(healed[Kolla.name]['hung'])})",
        ("watched by", "its CPU", "its memory", "engine and checks", "together",
         *(f"{fault}: {what}" for fault in FAULTS for what in ("told after", "serves after"))),
        [_row(name, cost, healed.get(name, {}), costs[NOBODY]) for name, cost in costs.items()],
        {
            "costs": {name: dataclasses.asdict(cost) for name, cost in costs.items()},
            "healed": {name: {fault: [dataclasses.asdict(one) for one in found]
                              for fault, found in faults.items()}
                       for name, faults in healed.items()},
            "checks": checks,
        },
        {
            f"the monitor uses less than {CPU_BAR:.0%} of one core": ours.watcher < CPU_BAR,
            f"and less than {MEMORY_BAR / 1e6:.0f} MB": ours.memory < MEMORY_BAR,
            f"a check uses less than {milliseconds(CHECK_BAR)} of CPU":
                max(checks.values()) < CHECK_BAR,
            f"whatever happens is told within interval, timeouts and retries ({PATIENCE} s)":
                told <= PATIENCE,
        },
        [
            "CPU is that of one core; what the containers use by themselves is taken off.",
            "CPU of one check's own processes: "
            + ", ".join(f"{name} {milliseconds(used)}" for name, used in checks.items()),
        ],
    )


def _row(
    name: str, cost: Cost, faults: dict[str, list[Healed]], at_rest: Cost
) -> list[str]:
    times = []
    for found in (faults.get(fault, []) for fault in FAULTS):
        for values in ([one.told for one in found], [one.serves for one in found]):
            known = [value for value in values if value is not None]
            times.append(seconds(median(known)) if known else "")
    return [
        name,
        f"{cost.watcher:.2%}" if cost.memory else "",
        f"{cost.memory / 1e6:.0f} MB" if cost.memory else "",
        *(f"{value - at_rest.all:.1%}" for value in (cost.engine, cost.all)),
        *times,
    ]

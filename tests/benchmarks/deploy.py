"""How long it takes until everything runs, against docker-compose with the same containers."""

import dataclasses
import functools
import pathlib
import time
from concurrent.futures import ThreadPoolExecutor

from kolla.backends.docker.backend import DockerBackend
from kolla.deployment import Deployment as Library
from kolla.plugin.backend import Backend
from kolla.plugin.instance import Instance
from kolla.plugin.reports import BackendError
from kolla.plugin.spec import Spec
from tests.benchmarks import compose, lab
from tests.benchmarks.report import Result, seconds, times
from tests.benchmarks.stats import median
from tests.functional.support.engine import Engine


KOLLA = "kolla set start"
COMPOSE = "kolla set start, compose backend"
EXPORTED = "docker-compose up -d of the exported file"
AT_ONCE = "docker-compose up -d, all at once"
IN_ORDER = "docker-compose up -d, depends_on healthy"
#: What is to take no longer than what.
RACES = ((KOLLA, IN_ORDER), (KOLLA, AT_ONCE), (COMPOSE, EXPORTED))


def run(quick: bool) -> Result:
    rounds = 2 if quick else 7
    with lab.running_engine() as engine, lab.deployment(engine) as deployment:
        lab.build_images(deployment)
        first = _time(lambda: deployment.kolla("set", "start"))
        ways = {KOLLA: lambda: deployment.kolla("set", "start")}
        if compose.command():
            same = _same_containers(deployment)
            for name in (IN_ORDER, AT_ONCE):
                ways[name] = functools.partial(_compose, deployment, same, name is IN_ORDER)
        took = _measure(engine, ways, rounds)
        if compose.command():
            remove_all(engine)
            took |= _measure(engine, _through_compose(deployment), rounds)
    medians = {name: median(values) for name, values in took.items()}
    rows = [
        [name, *map(seconds, (medians[name], min(values), max(values))),
         times(medians[name] / medians[KOLLA])] for name, values in took.items()
    ]
    return Result(
        "deploy", "everything from nothing on the engine until every check passes, bootstrapped"
        f" before (median of {rounds}, in turns)",
        ("", "median", "least", "most", "ratio"), rows, {**took, "first start": first},
        {f"{mine}: no longer than {rival}": medians[mine] <= medians[rival]
         for mine, rival in RACES if rival in medians},
        [f"the first start of kolla, with bootstrap and empty volumes, took {first:.1f} s",
         f"{EXPORTED}: it runs the first set-up again, as every up does"],
    )


def _measure(engine: Engine, ways: dict, rounds: int) -> dict[str, list[float]]:
    took = {name: [] for name in ways}
    for _ in range(rounds):
        for name, start in ways.items():
            remove_all(engine)
            took[name].append(_time(start))
    return took


def _through_compose(deployment: lab.Deployment) -> dict:
    """Everything moves to the compose backend first."""
    deployment.kolla("set", "start")
    deployment.configure("[backend]\ndriver = compose\n", "60-backend")
    deployment.kolla("set", "upgrade")
    folder = deployment.directory / "exported"
    deployment.kolla("set", "export", "--output", str(folder))
    return {
        COMPOSE: lambda: deployment.kolla("set", "start"),
        EXPORTED: functools.partial(start_exported, deployment, folder),
    }


def start_exported(deployment: lab.Deployment, folder: pathlib.Path) -> None:
    project = compose.Project(folder, deployment.engine.url, "compose.yaml")
    project.run("up", "-d")
    library = Library(deployment.config_dir)
    specs = {r.name: library.store.generations(r.name)[-1].snapshot
             for r in library.store.containers()}
    library.store.close()
    _pass_all(deployment, specs)


@dataclasses.dataclass(frozen=True)
class Same:
    """One of kolla's containers, to be run by docker-compose."""

    instance: Instance
    spec: Spec
    requires: tuple[str, ...]


def _same_containers(deployment: lab.Deployment) -> dict[str, Same]:
    """The containers that kolla runs now; they take their public addresses by themselves."""
    library = Library(deployment.config_dir)
    found = {}
    for record in library.store.containers():
        spec = library.store.generations(record.name)[-1].snapshot
        made = library.instances.make(spec, 1000)
        library.instances.mark_joined(spec.container, 1000)
        found[record.name] = Same(made, spec, library.catalog.containers[record.name].requires)
    library.store.close()
    return found


def remove_all(engine: Engine) -> None:
    """In good order: what has to be repaired after a kill would be measured too."""
    with engine.client(timeout=120) as client, ThreadPoolExecutor() as pool:
        containers = client.containers.list(all=True)
        list(pool.map(lambda container: container.stop(timeout=60), containers))
        list(pool.map(lambda container: container.remove(), containers))


def _compose(deployment: lab.Deployment, same: dict[str, Same], in_order: bool) -> None:
    """Until the checks pass that kolla waits for."""
    services = {}
    for name, one in same.items():
        services[name] = compose.service(one.instance)
        if in_order:
            services[name] |= {
                "healthcheck": {"test": ["CMD", *one.spec.check.command], "interval": "1s",
                                "timeout": "10s", "retries": one.spec.check.grace},
                "depends_on": {other: {"condition": "service_healthy"} for other in one.requires},
            }
    project = compose.Project(deployment.directory, deployment.engine.url)
    project.write(services)
    project.run("up", "-d")
    _pass_all(deployment, {one.instance.name: one.spec for one in same.values()})


def _pass_all(deployment: lab.Deployment, specs: dict[str, Spec]) -> None:
    backend = DockerBackend(deployment.engine.url)
    with ThreadPoolExecutor(len(specs)) as pool:
        list(pool.map(lambda name: _pass(backend, name, specs[name]), specs))


def _pass(backend: Backend, name: str, spec: Spec) -> None:
    """Ask as kolla does, until the check passes."""
    deadline, pause = time.monotonic() + spec.check.grace, 0.05
    while True:
        try:
            outcome = backend.execute(name, spec.check.command, spec.check.timeout)
        except BackendError:  # between two starts
            outcome = None
        if outcome and outcome.exit_code == 0:
            return
        if time.monotonic() > deadline:
            raise RuntimeError(f"{name} does not pass its check: {outcome and outcome.output}")
        time.sleep(pause)
        pause = min(pause * 1.5, 1.0)


def _time(work) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began

"""How long it takes until everything runs, against docker-compose with the same containers."""

import dataclasses
import time
from concurrent.futures import ThreadPoolExecutor

from kolla.backends.base import Backend, BackendError, Instance
from kolla.backends.docker import DockerBackend
from kolla.deployment import Deployment as Library
from kolla.spec import Spec
from tests.benchmarks import compose, lab, variants
from tests.benchmarks.report import Result, milliseconds, times
from tests.benchmarks.stats import median
from tests.functional.engine import Engine


def run(quick: bool) -> Result:
    rounds = 2 if quick else 7
    with lab.running_engine() as engine, lab.deployment(engine) as deployment:
        lab.build_images(deployment)
        began = time.perf_counter()
        deployment.kolla("set", "start")
        first = time.perf_counter() - began
        backend = DockerBackend(engine.url)
        specs, instances = _same_containers(deployment)
        took = {"kolla set start": [], "docker-compose up -d, then its checks": []}
        kolla, rival = took.values()
        for _ in range(rounds):
            _remove_all(engine)
            kolla.append(_time(lambda: deployment.kolla("set", "start")))
            if compose.command():
                _remove_all(engine)
                rival.append(_time(lambda: _compose(deployment, backend, specs, instances)))
    medians = {name: median(values) for name, values in took.items() if values}
    own = medians["kolla set start"]
    rows = [
        [name, milliseconds(value), milliseconds(min(took[name])), milliseconds(max(took[name])),
         times(value / own)] for name, value in medians.items()
    ]
    return Result(
        "deploy", f"{len(specs)} containers, from nothing on the engine until every check passes"
        f" (bootstrapped before; {rounds} rounds, in turns)",
        ("", "median", "least", "most", "ratio"), rows, {**took, "first start": first},
        {"no longer than docker-compose": own <= max(medians.values())} if rival else {},
        [f"the first start, with bootstrap and empty volumes, took kolla {first:.1f} s"],
    )


def _same_containers(deployment: lab.Deployment) -> tuple[dict[str, Spec], dict[str, Instance]]:
    """What kolla runs now, and the same for docker-compose: nobody tells it to join."""
    library = Library(deployment.config_dir)
    specs = {
        record.name: library.store.generations(record.name)[-1].snapshot
        for record in library.store.containers()
    }
    instances = {}
    for name, spec in specs.items():
        made = library.instances.make(spec, 1000)
        if spec.strategy == "handover":
            made = dataclasses.replace(made, command=variants.JOINS_BY_ITSELF)
        instances[name] = made
    library.store.close()
    return specs, instances


def _remove_all(engine: Engine) -> None:
    """In good order: what has to be repaired after a kill would be measured too."""
    with engine.client(timeout=120) as client, ThreadPoolExecutor() as pool:
        containers = client.containers.list(all=True)
        list(pool.map(lambda container: container.stop(timeout=60), containers))
        list(pool.map(lambda container: container.remove(), containers))


def _compose(
    deployment: lab.Deployment, backend: Backend, specs: dict[str, Spec],
    instances: dict[str, Instance],
) -> None:
    project = compose.Project(deployment.directory, deployment.engine.url)
    project.write({name: compose.service(made) for name, made in instances.items()})
    project.run("up", "-d")
    with ThreadPoolExecutor(len(instances)) as pool:
        list(pool.map(lambda name: _pass(backend, instances[name].name, specs[name]), instances))


def _pass(backend: Backend, name: str, spec: Spec) -> None:
    """Ask as kolla does, until the check passes."""
    deadline, pause = time.monotonic() + spec.check["grace"], 0.05
    while True:
        try:
            outcome = backend.execute(name, tuple(spec.check["command"]), spec.check["timeout"])
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

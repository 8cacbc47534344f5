"""What ``kolla set start`` costs where everything runs already."""

import time

from tests.benchmarks import lab
from tests.benchmarks.counting import Proxy
from tests.benchmarks.report import Result, milliseconds
from tests.benchmarks.stats import median

#: Milliseconds for a hundred containers, beyond what a single one takes.
BAR = 300

#: A plugin with many containers that do nothing, on the smallest image there is.
PLUGIN = """\
from kolla.plugin import Check, Container, ContainerSet, Listen
from kolla_plugins.images import BASE

MANY = ContainerSet("many", "Containers that do nothing")

for number in range({count}):
    globals()[f"NUMBER_{{number}}"] = Container(
        name=f"many-{{number}}",
        parent="many",
        summary="Does nothing",
        image=BASE,
        user=42000,
        command=("sleep", "infinity"),
        check=Check(command=("true",)),
        stop_grace=0,
        listens=(Listen("${{host.address}}", str(20000 + number)),),
        environment={{f"OS_GROUP__OPTION_{{n}}": "${{host.address}}" for n in range(20)}},
    )
"""


def run(quick: bool) -> Result:
    rounds, many = (5, 20) if quick else (15, 100)
    with lab.running_engine() as engine, lab.deployment(engine) as deployment:
        lab.build_images(deployment, "base")
        _install(deployment, many + 1)
        deployment.configure("[host]\nenabled = many\n")
        deployment.kolla("set", "start", "many")
        calls = _calls(deployment)
        # The same engine, with the same containers: only how many kolla is to look after differs.
        everything = _median(deployment, rounds, "set", "start", "many")
        known = _median(deployment, rounds, "set", "list")
        _install(deployment, 1)
        single = _median(deployment, rounds, "set", "start", "many")
        known_single = _median(deployment, rounds, "set", "list")
    per_hundred = (everything - single) * 100 / many
    of_them = (known - known_single) * 100 / many
    lists = [call for call in calls if call.startswith("GET /containers/json")]
    rows = [
        ["1 container", milliseconds(single), milliseconds(known_single)],
        [f"{many + 1} containers", milliseconds(everything), milliseconds(known)],
        ["per hundred", milliseconds(per_hundred), milliseconds(of_them)],
    ]
    return Result(
        "noop", f"kolla set start where all runs already (median of {rounds})",
        ("", "kolla set start", "kolla set list"), rows,
        {"single": single, "everything": everything, "per_hundred": per_hundred, "calls": calls},
        {
            f"at most {BAR} ms per hundred containers beyond start-up": per_hundred * 1000 <= BAR,
            "one list call": len(lists) == 1,
            "no other call but the version's": sorted(calls) == [*lists, "GET /version"],
        },
        [f"calls of the engine with {many + 1} containers: {', '.join(calls)}"],
    )


def _install(deployment: lab.Deployment, count: int) -> None:
    names = {f"many-{number}": f"kolla_many:NUMBER_{number}" for number in range(count)}
    deployment.install(
        "kolla_many",
        {"kolla.container_sets": {"many": "kolla_many:MANY"}, "kolla.containers": names},
        PLUGIN.format(count=count),
    )


def _median(deployment: lab.Deployment, rounds: int, *command: str) -> float:
    deployment.kolla(*command)
    seconds = []
    for _ in range(rounds):
        began = time.perf_counter()
        deployment.kolla(*command)
        seconds.append(time.perf_counter() - began)
    return median(seconds)


def _calls(deployment: lab.Deployment) -> list[str]:
    path = deployment.directory / "engine.sock"
    with Proxy(path, deployment.engine.socket).listening() as proxy:
        deployment.kolla("--set", f"docker.url=unix://{path}", "set", "start", "many")
    return [call.partition("?")[0] for call in proxy.requests]

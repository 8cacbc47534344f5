"""What ``kolla set start`` costs where everything runs already."""

import time

from tests.benchmarks import lab
from tests.benchmarks.counting import Proxy
from tests.benchmarks.report import Result, milliseconds
from tests.benchmarks.stats import median

#: Milliseconds for a hundred containers, beyond what a single one takes.
BAR = 300
#: The second asks no engine: what it costs is start-up.
COMMANDS = ("set start", "set list")

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
        calls, through_compose = _calls(deployment), _calls_of_compose(deployment)
        # In turns, on the same engine with the same containers: only how many kolla is to look
        # after differs.
        took = {(count, command): [] for count in (1, many + 1) for command in COMMANDS}
        for _ in range(rounds):
            for count in (1, many + 1):
                _install(deployment, count)
                deployment.kolla("set", "list")  # finds the plugins, which stevedore remembers
                for command in COMMANDS:
                    took[count, command].append(_time(deployment, command))
    medians = {key: median(values) for key, values in took.items()}
    extra = {
        command: (medians[many + 1, command] - medians[1, command]) * 100 / many
        for command in COMMANDS
    }
    per_hundred = extra["set start"]
    lists = [call for call in calls if call.startswith("GET /containers/json")]
    rows = [
        [f"{count} container{'s' * (count > 1)}",
         *(milliseconds(medians[count, command]) for command in COMMANDS)]
        for count in (1, many + 1)
    ]
    rows.append(["for each hundred", *map(milliseconds, extra.values())])
    return Result(
        "noop", f"kolla set start where all runs already (median of {rounds})",
        ("", *(f"kolla {command}" for command in COMMANDS)), rows,
        {"took": {f"{command}, {count}": values for (count, command), values in took.items()},
         "per_hundred": extra, "calls": calls},
        {
            f"at most {BAR} ms per hundred containers beyond start-up": per_hundred * 1000 <= BAR,
            "one list call": len(lists) == 1,
            "no other call but the version's": sorted(calls) == [*lists, "GET /version"],
            "no call of compose with that backend": not through_compose,
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


def _time(deployment: lab.Deployment, command: str) -> float:
    began = time.perf_counter()
    deployment.kolla(*command.split())
    return time.perf_counter() - began


def _calls(deployment: lab.Deployment) -> list[str]:
    path = deployment.directory / "engine.sock"
    with Proxy(path, deployment.engine.socket).listening() as proxy:
        deployment.kolla("--set", f"docker.url=unix://{path}", "set", "start", "many")
    return [call.partition("?")[0] for call in proxy.requests]


def _calls_of_compose(deployment: lab.Deployment) -> list[str]:
    """With a program in its place that writes down how it was called."""
    program, calls = deployment.directory / "docker-compose", deployment.directory / "calls"
    program.write_text(f"#!/bin/sh\necho \"$@\" >>{calls}\nexit 1\n")
    program.chmod(0o755)
    deployment.kolla("--set", "backend.driver=compose", "--set", f"compose.command={program}",
                     "set", "start", "many")
    return calls.read_text().splitlines() if calls.exists() else []

"""How long the planner takes for many containers; it needs no engine, so nothing runs."""

import gc
import time

from kolla.plans import converge, planner
from kolla.plans.change import change
from kolla.plans.differences import differences
from kolla.plans.plan import Plan, State
from kolla.plugin import Check, Strategy, Task, Volume
from kolla.plugin.reports import ALWAYS, NEVER, Observed
from kolla.plugin.spec import Spec
from kolla.store.records import RUNNING, Generation, Record
from tests.benchmarks.report import Result, milliseconds, times
from tests.benchmarks.stats import median

SIZES = (10, 100, 1_000, 10_000)
#: A container of the largest deployment may cost this much more than one of a small one.
BAR = 1.5


def run(quick: bool) -> Result:
    rounds = 3 if quick else 7
    kinds = {"nothing to do": _nothing, "upgrade": _upgrade, "recovery": _recovery}
    seconds = {name: {size: [] for size in SIZES} for name in kinds}
    for size in SIZES:
        states = [_state(f"container-{number}") for number in range(size)]
        for _ in range(rounds):
            for name, make in kinds.items():
                seconds[name][size].append(_time(make, states))
    medians = {
        name: {size: median(values) for size, values in by_size.items()}
        for name, by_size in seconds.items()
    }
    rows, bars = [], {}
    for name, by_size in medians.items():
        each = {size: took / size for size, took in by_size.items()}
        growth = each[SIZES[-1]] / each[SIZES[1]]
        rows.append([name, *map(milliseconds, by_size.values()), milliseconds(each[SIZES[-1]]),
                     times(growth)])
        bars[f"{name}: linear (a container of {SIZES[-1]:,} costs at most {BAR} times one"
             f" of {SIZES[1]})"] = growth <= BAR
    return Result(
        "plan", f"time of the planner, by the number of containers (median of {rounds})",
        ("plan", *(f"{size:,}" for size in SIZES), "each", "growth"), rows, medians, bars,
    )


def _time(make, states: list[State]) -> float:
    """Processor time, without the collection of other benchmarks' garbage."""
    gc.collect()
    gc.disable()
    began = time.process_time()
    plans = [make(state) for state in states]
    took = time.process_time() - began
    gc.enable()
    assert all(bool(planned.operations) == (make is not _nothing) for planned in plans)
    return took


def _nothing(state: State) -> Plan:
    assert converge.settled(state)
    return planner.start(state, None)


def _upgrade(state: State) -> Plan:
    wanted = _spec(state.name, "3")
    reasons = differences(state.spec(state.current), wanted)
    return change(state, wanted, "upgrade", tuple(reasons), (("expand", "expand"),))


def _recovery(state: State) -> Plan:
    """Both generations run: killed between the commit and the stop of the old one."""
    observed = {number: _observed(state.name, number, True) for number in state.observed}
    record = Record(state.name, current=2, last_number=2, target=RUNNING, settled=False)
    return planner.recover(State(record, state.generations, observed, highest=2))


def _state(name: str) -> State:
    """Two generations; the second is current."""
    return State(
        record=Record(name, current=2, last_number=2, target=RUNNING),
        generations={number: _generation(name, number) for number in (1, 2)},
        observed={number: _observed(name, number, number == 2) for number in (1, 2)},
        highest=2,
    )


def _observed(name: str, number: int, running: bool) -> Observed:
    return Observed(
        f"{name}-g{number}", name, number, running, "running" if running else "exited",
        restart=ALWAYS if running else NEVER,
    )


def _generation(name: str, number: int) -> Generation:
    at = "2026-01-01T00:00:00+00:00"
    return Generation(
        name, number, _spec(name, str(number)).to_json(), {}, "start", at, committed=at,
        ended=None, outcome="current" if number == 2 else "kept", reason="", evidence="",
    )


def _spec(name: str, value: str) -> Spec:
    """As large as that of an OpenStack service."""
    return Spec(
        container=name, image=f"kolla/{name}:2026.1", image_id="sha256:" + "a" * 64,
        release="2026.1", version="1.0", user=42000, strategy=Strategy.HANDOVER,
        environment={f"OS_GROUP__OPTION_{i}": value for i in range(20)}, command=(),
        files=(), volumes=(Volume(name, "/var/lib/service"),), scratch=(), host_mounts=(),
        privileges=(), security=(), log={"driver": "json-file"},
        check=Check(), drain=("kolla-drain",), drain_grace=600, stop_grace=30,
        tasks={"expand": (Task("expand", ("expand",)),)},
    )
